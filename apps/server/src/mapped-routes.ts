import { type DiscoveryService, MetadataScanner } from '@nestjs/core';
import { isOpenToLoopback, needOf } from './access/index.js';
import { answerOf, InputPipe, type MappedRoute, type RouteInput } from './platform/index.js';

/* Where Nest keeps what decorators say (@nestjs/common/constants.js, enums/request-method.enum.js, enums/route-paramtypes.enum.js). */
const PATH = 'path';
const METHOD = 'method';
const HTTP_CODE = '__httpCode__';
const ROUTE_ARGUMENTS = '__routeArguments__';
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'] as const;
const PLACES: Readonly<Record<string, RouteInput['in']>> = { '3': 'body', '4': 'query', '5': 'path' };

interface Argument {
  data?: unknown;
  pipes?: readonly unknown[];
}

const told = (key: string, ...on: [object] | [object, string]): unknown =>
  on.length === 1 ? Reflect.getMetadata(key, on[0]) : Reflect.getMetadata(key, on[0], on[1]);

function inputsOf(controller: object, name: string): RouteInput[] {
  const all = (told(ROUTE_ARGUMENTS, controller, name) ?? {}) as Readonly<Record<string, Argument>>;
  return Object.entries(all).flatMap(([key, { data, pipes }]) => {
    const place = PLACES[key.split(':')[0] ?? ''];
    const pipe = pipes?.find((p) => p instanceof InputPipe);
    return place === undefined || pipe === undefined
      ? []
      : [{ in: place, name: typeof data === 'string' ? data : place, schema: pipe.schema }];
  });
}

/** Every route of the running server, with what its handler and its arguments say of themselves. */
export function mappedRoutes(discovery: DiscoveryService): MappedRoute[] {
  const scanner = new MetadataScanner();
  return discovery.getControllers().flatMap(({ metatype }) => {
    if (typeof metatype !== 'function') return [];
    const prototype = metatype.prototype as Readonly<Record<string, unknown>>;
    return scanner.getAllMethodNames(prototype).flatMap((name): MappedRoute[] => {
      const handler = prototype[name];
      const method = typeof handler === 'function' ? METHODS[Number(told(METHOD, handler))] : undefined;
      if (typeof handler !== 'function' || method === undefined) return [];
      const path = [told(PATH, metatype), told(PATH, handler)].map((p) => String(p ?? '').replace(/^\/|\/$/g, '')).filter((p) => p !== '');
      const need = needOf(handler, metatype);
      return [
        {
          method,
          path: `/${path.join('/')}`,
          handler: `${metatype.name}.${name}`,
          role: need === 'public' ? null : (need ?? 'nobody'),
          openToLoopback: isOpenToLoopback(handler),
          status: Number(told(HTTP_CODE, handler) ?? (method === 'POST' ? 201 : 200)),
          inputs: inputsOf(metatype, name),
          answer: answerOf(handler),
        },
      ];
    });
  });
}

import { type DynamicModule, Global, Inject, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { Bus, Clock, Database, type Env, Idempotency, Leader, type Leadership, Log, Nodes } from '../platform/index.js';
import { AccessGuard } from './access.guard.js';
import { ApiTokens } from './api-tokens.js';
import { Audit } from './audit.js';
import { Authentication } from './authentication.js';
import { Doors } from './doors.js';
import { Enrolment } from './enrolment.js';
import { EnrolmentTokens } from './enrolment-tokens.js';
import { HostKeys } from './host-keys.js';
import { HostsController } from './hosts.controller.js';
import { Housekeeping } from './housekeeping.js';
import { IdempotencyInterceptor } from './idempotency.interceptor.js';
import { OrderKeyRotation } from './order-key-rotation.js';
import { OrderKeysController } from './order-keys.controller.js';
import { OrderKeys } from './order-keys.js';
import { PasswordLinks } from './password-links.js';
import { PeopleController } from './people.controller.js';
import { People } from './people.js';
import { newSecret, secretOf } from './secrets.js';
import { SessionController } from './session.controller.js';
import { Sessions } from './sessions.js';
import { Setup } from './setup.js';
import { TokenFiles } from './token-files.js';
import { TokensController } from './tokens.controller.js';

/** Who may do what, and what was done. */
@Global()
@Module({})
export class AccessModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(@Inject(Housekeeping) private readonly housekeeping: Housekeeping) {}

  onApplicationBootstrap(): void {
    this.housekeeping.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.housekeeping.stop();
  }

  static of(parts: { env: Env; orderKeys: OrderKeys; doors: Doors }): DynamicModule {
    const { env, orderKeys, doors } = parts;
    const exported = [
      Doors,
      OrderKeys,
      OrderKeyRotation,
      Audit,
      HostKeys,
      Sessions,
      Setup,
      People,
      PasswordLinks,
      ApiTokens,
      EnrolmentTokens,
      Authentication,
      TokenFiles,
      Idempotency,
    ];
    return {
      module: AccessModule,
      controllers: [SessionController, PeopleController, TokensController, HostsController, OrderKeysController],
      providers: [
        { provide: Doors, useValue: doors },
        { provide: OrderKeys, useValue: orderKeys },
        {
          provide: OrderKeyRotation,
          useFactory: (database: Database, bus: Bus, log: Log, audit: Audit) =>
            new OrderKeyRotation({ database, orderKeys, audit, bus, log }),
          inject: [Database, Bus, Log, Audit],
        },
        { provide: Audit, useFactory: (db: Database, clock: Clock, log: Log) => new Audit(db, clock, log), inject: [Database, Clock, Log] },
        {
          provide: HostKeys,
          useFactory: (db: Database, bus: Bus, clock: Clock, audit: Audit) => new HostKeys(db, bus, clock, audit),
          inject: [Database, Bus, Clock, Audit],
        },
        {
          provide: Sessions,
          useFactory: (db: Database, bus: Bus, clock: Clock, audit: Audit) => new Sessions(db, bus, clock, audit),
          inject: [Database, Bus, Clock, Audit],
        },
        {
          provide: Setup,
          useFactory: (db: Database, clock: Clock, audit: Audit, sessions: Sessions) =>
            new Setup(db, clock, audit, sessions, env.redisUrl === null ? newSecret : () => secretOf(orderKeys.derive('set-up token'))),
          inject: [Database, Clock, Audit, Sessions],
        },
        {
          provide: People,
          useFactory: (db: Database, clock: Clock, audit: Audit, sessions: Sessions) => new People({ db, clock, audit, sessions }),
          inject: [Database, Clock, Audit, Sessions],
        },
        {
          provide: PasswordLinks,
          useFactory: (db: Database, clock: Clock, audit: Audit, sessions: Sessions) => new PasswordLinks({ db, clock, audit, sessions }),
          inject: [Database, Clock, Audit, Sessions],
        },
        {
          provide: ApiTokens,
          useFactory: (db: Database, clock: Clock, audit: Audit) => new ApiTokens(db, clock, audit),
          inject: [Database, Clock, Audit],
        },
        {
          provide: EnrolmentTokens,
          useFactory: (db: Database, clock: Clock, audit: Audit) => new EnrolmentTokens(db, clock, audit, orderKeys),
          inject: [Database, Clock, Audit],
        },
        {
          provide: Enrolment,
          useFactory: (db: Database, bus: Bus, clock: Clock, audit: Audit) => new Enrolment(db, bus, clock, audit, orderKeys),
          inject: [Database, Bus, Clock, Audit],
        },
        {
          provide: Authentication,
          useFactory: (sessions: Sessions, tokens: ApiTokens) => new Authentication(doors, sessions, tokens),
          inject: [Sessions, ApiTokens],
        },
        {
          provide: TokenFiles,
          useFactory: (db: Database, log: Log, audit: Audit, tokens: ApiTokens, enrolment: EnrolmentTokens, setup: Setup) =>
            new TokenFiles(env, db, log, audit, tokens, enrolment, setup),
          inject: [Database, Log, Audit, ApiTokens, EnrolmentTokens, Setup],
        },
        {
          provide: Idempotency,
          useFactory: (db: Database, clock: Clock, node: Nodes) => new Idempotency(db, clock, orderKeys.derive('idempotency'), node),
          inject: [Database, Clock, Nodes],
        },
        {
          provide: Housekeeping,
          useFactory: (sessions: Sessions, idempotency: Idempotency, rotation: OrderKeyRotation, leader: Leadership, log: Log) =>
            new Housekeeping(sessions, idempotency, rotation, leader, log),
          inject: [Sessions, Idempotency, OrderKeyRotation, Leader, Log],
        },
        { provide: APP_GUARD, useFactory: (authentication: Authentication) => new AccessGuard(authentication), inject: [Authentication] },
        {
          provide: APP_INTERCEPTOR,
          useFactory: (idempotency: Idempotency, log: Log) => new IdempotencyInterceptor(idempotency, log),
          inject: [Idempotency, Log],
        },
      ],
      exports: exported,
    };
  }
}

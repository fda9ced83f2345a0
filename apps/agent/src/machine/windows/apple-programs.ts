import { z } from 'zod';
import { PARAMS } from '../params.js';
import { field, rowsOr, type Section, type WindowsDocument } from './document.js';
import { homesOf } from './programs.js';

/** What a fix asks about Apple's programs right before it updates or removes one; these readings become no facts. */

/** One entry of Apple's in the list of installed programs. */
export interface AppleProgram {
  name: string;
  /** Windows Installer knows it by this; null for one that was installed otherwise, which nothing here removes. */
  code: string | null;
}

const Product = z.object({ code: field.text, name: field.text, msi: field.flag });
const App = z.object({ name: z.string() });

/** Names of products are the same in every language (Apple's installers translate none of these). */
export function readApplePrograms(document: WindowsDocument): Section<AppleProgram> {
  const products = document.section('products', Product);
  if (!products.read) return products;
  const rows = products.rows.flatMap((p): AppleProgram[] => {
    const code = p.code?.toUpperCase() ?? '';
    return p.name === null ? [] : [{ name: p.name, code: p.msi === true && PARAMS.product(code) ? code : null }];
  });
  return { read: true, rows };
}

/** Which of Apple's packages from the Store somebody on this computer has. */
export function readStoreNames(document: WindowsDocument): Section<string> {
  const apps = document.section('apps', App);
  return apps.read ? { read: true, rows: [...new Set(apps.rows.map((a) => a.name))] } : apps;
}

/** With what number the installer ended, as 32 bits without a sign; null when it did not say. */
export function readEnded(document: WindowsDocument): Section<number> {
  const ended = document.section('ended', z.int());
  return ended.read ? { read: true, rows: ended.rows.map((n) => n >>> 0) } : ended;
}

const Home = z.object({ LocalPath: field.text, Loaded: field.flag });

/** Home folders of people who are signed in, as far as the table of files takes them. */
export function signedInHomes(document: WindowsDocument): string[] {
  const loaded = new Set(
    rowsOr(document.section('homes', Home)).flatMap((h) => (h.Loaded === true && h.LocalPath !== null ? [h.LocalPath.toLowerCase()] : [])),
  );
  return homesOf(document).filter((h) => loaded.has(h.toLowerCase()) && PARAMS.home(h));
}

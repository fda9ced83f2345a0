import { type CodeRow, codeNumbers, codeQuery, codeWords, familyWords } from '@lockstep/core/codes';
import { Link } from '@tanstack/react-router';
import { LAYER_WORDS } from '../../ui/index.js';
import rows from '../Rows.module.css';
import styles from './Codes.module.css';
import { codesSearch } from './view.js';
import { WORDS } from './words.js';

/** How many numbers of a row are shown in the table; its answer shows what was asked. */
const SHOWN = 3;

/** Rows of the table, each leading to its own answer. */
export function CodeRows({ codes, label }: { codes: readonly CodeRow[]; label: string }) {
  return (
    <div className={rows.scroll}>
      <table className={`${rows.table} ${styles.table}`} aria-label={label} data-testid="code-rows">
        <thead>
          <tr>
            <th scope="col">{WORDS.code}</th>
            <th scope="col">{WORDS.meaning}</th>
            <th scope="col">{WORDS.name}</th>
            <th scope="col">{WORDS.rung}</th>
            <th scope="col">{WORDS.families}</th>
          </tr>
        </thead>
        <tbody>
          {codes.map((row) => (
            <tr key={row.id} data-testid={row.id}>
              <td className={`ls-mono ${styles.numbers}`}>
                <Link to="/codes" search={codesSearch({ q: codeQuery(row), family: null })}>
                  {codeNumbers(row, SHOWN)}
                </Link>
              </td>
              <td className={rows.name}>{codeWords(row).title}</td>
              <td className={`ls-mono ${styles.wordName}`}>{row.names[0] ?? WORDS.noRung}</td>
              <td>{row.layer === null ? WORDS.noRung : LAYER_WORDS[row.layer].name}</td>
              <td className={rows.soft}>{familyWords(row.family).title}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/**
 * The one thing a person has to read.
 * @param {object} facts
 * @param {string} facts.address
 * @param {string} facts.setupToken '' when there is an admin already
 * @param {string} facts.enrolTokenFile
 * @param {boolean} facts.encrypted
 * @param {string} facts.dataDir
 * @param {boolean} facts.embedded
 * @param {string | null} facts.adminToken null when it was not asked for
 * @returns {string}
 */
export function closingBlock({ address, setupToken, enrolTokenFile, encrypted, dataDir, embedded, adminToken }) {
  const lines = [''];
  if (setupToken === '') lines.push(`  Console      ${address}/`);
  else lines.push(`  Console      ${address}/setup#token=${setupToken}`, '               (makes the first admin; works once)');
  if (adminToken !== null)
    lines.push(
      `  Admin token  ${adminToken === '' ? 'none was made: there is an admin already; make a token in the console' : adminToken}`,
    );
  lines.push(
    `  This computer as an agent:`,
    `               npx --no-install lockstep-agent enroll --server ${address} --token-file ${quoted(enrolTokenFile)}`,
    '               npx --no-install lockstep-agent run',
  );
  lines.push(
    encrypted
      ? '  Another one: the same commands there, with a token from the console (Enrol a computer).'
      : '  Another one: only over TLS; set LOCKSTEP_TLS_CERT and LOCKSTEP_TLS_KEY, or put a proxy in front (docs/operations.md).',
  );
  lines.push(
    `  Data         ${dataDir}${embedded ? '' : ' (the database itself is the one of DATABASE_URL)'}`,
    '  End          Ctrl-C; the data stays',
    '',
  );
  return lines.join('\n');
}

/** @param {string} path for a shell */
function quoted(path) {
  return /^[\w./:@%+=,-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

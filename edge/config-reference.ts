import { settingEntries } from './config.ts'

/** docs/reference/edge-configuration.md, made from the schema of the settings. */
export function edgeConfigurationReference(): string {
  return [
    '# Settings of the edge agent',
    '',
    'Made from `edge/config.ts` by `npm run docs`; do not edit. Every setting needs a restart of the agent.',
    '',
    'Give them as one JSON object in a file (`npm run edge -- --config FILE`) or one by one (`--set NAME=VALUE`, which goes',
    'before the file). A value of the wrong type or outside its range stops the start with a sentence that names the setting.',
    'What the core decides for a cabinet (setpoint, lockout, planogram, session policy) comes with the desired document;',
    'settings marked "until the core says otherwise" hold until the first one has arrived.',
    '',
    '| setting | meaning | unit | default | range |',
    '|---|---|---|---|---|',
    ...settingEntries().map(
      ({ name, title, unit, byDefault, range }) =>
        `| \`${name}\` | ${title} | ${unit} | ${byDefault} | ${range} |`,
    ),
    '',
    '## Files in the data folder',
    '',
    '| file (below `DIR/edge/`) | what |',
    '|---|---|',
    '| `credentials.json` | identity, broker password and private key of this cabinet; mode 600. Without it the agent needs `--enrol-code` |',
    '| `edge.sqlite` | outbox, journal of the session in progress, command journal, desired document, learned weights, evidence queue |',
    '| `evidence/` | pictures and weight traces by their SHA-256, until the core has them and a while longer |',
    '',
    'Copying a data folder to a second cabinet copies its identity: the core notices the fork and refuses both outboxes.',
    '',
  ].join('\n')
}

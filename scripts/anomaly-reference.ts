import { RULES } from '#core/anomalies/rules.ts'
import { ANOMALY_CASES, type AnomalyCase } from '#core/anomalies/table.ts'
import { LIMITS_OF } from '#core/policies/limits.ts'
import { PolicySchema } from '#core/platform/policy.ts'
import { storyText, isStoryKey } from '#protocol/words/story.ts'

/** docs/reference/anomalies.md */
export function anomalyReference(): string {
  return [
    '# Anomalies',
    '',
    'Made from `core/anomalies/table.ts` by `npm run docs`; a test walks every entry. How they are decided, tried again and told: [anomalies.md](../explain/anomalies.md).',
    '',
    '| case | noticed by | a rule decides when | rules | limits of |',
    '| --- | --- | --- | --- | --- |',
    ...ANOMALY_CASES.map(
      ({ name, detected, decided }) =>
        `| [${name}](#${anchorOf(name)}) | ${detected.by} | ${decided.when} | ${decided.rules.join(', ')} | ${decided.limits ?? '–'} |`,
    ),
    '',
    ...ANOMALY_CASES.flatMap(sectionOf),
    '## Limits',
    '',
    'A lead changes them under `/staff/policies`, after seeing what they would have decided on past cases.',
    '',
    '| policy | rule | limit | at the start |',
    '| --- | --- | --- | --- |',
    ...RULES.flatMap(({ policy, rule }) =>
      LIMITS_OF[policy].map((name) => {
        const {
          title,
          default: value,
          description,
        } = PolicySchema.properties[name] as {
          title?: string
          default?: number
          description?: string
        }
        return `| ${policy} | ${rule} | \`${name}\`: ${title ?? ''} | ${String(value)} ${description ?? ''} |`
      }),
    ),
    '',
  ].join('\n')
}

function sectionOf(one: AnomalyCase): string[] {
  const sentence = (key: string) =>
    isStoryKey(key) ? `- \`${key}\` ${storyText('en', key)} · ${storyText('zh', key)}` : `- \`${key}\``
  return [
    `## ${one.name}`,
    '',
    `- kinds: ${one.kinds.map((kind) => `\`${kind}\``).join(', ')}`,
    `- noticed in [${one.detected.file}](../../${one.detected.file}), decided in [${one.decided.file}](../../${one.decided.file})`,
    `- evidence: ${one.evidence}`,
    `- screens: ${one.screens.map((screen) => `\`/staff${screen}\``).join(', ')}`,
    `- held to it by ${[...one.tests.map((test) => `\`${test}\``), ...one.scenarios.map((name) => `\`npm run scenario -- ${name}\``)].join(', ')}`,
    '',
    'Staff read:',
    '',
    ...one.reasons.map(sentence),
    '',
    'The consumer reads:',
    '',
    ...one.consumer.map(sentence),
    '',
  ]
}

/** As GitHub makes it of a heading. */
function anchorOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-')
}

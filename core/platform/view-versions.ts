const EVENTS = ['INSERT', 'UPDATE', 'DELETE'] as const

/**
 * Triggers of a migration that keep the version of what a view shows: one more with every change of a fact of its subject,
 * in the same transaction. A page that was drawn for a version may be shown for as long as the version stands. Subjects are
 * orders, and `product` and `cabinet` for what all of their views share.
 * @param subjects  a query for the subjects that a row of the table belongs to; `ROW` is the row
 * @param columns  the only columns that are shown; without them all are
 */
export function movesVersion(table: string, subjects: string, columns: readonly string[] = []): string {
  return EVENTS.map((event) => {
    const rows = event === 'INSERT' ? ['NEW'] : event === 'DELETE' ? ['OLD'] : ['OLD', 'NEW']
    const of = event === 'UPDATE' && columns.length > 0 ? ` OF ${columns.join(', ')}` : ''
    const every = [...new Set(rows.map((row) => subjects.replaceAll('ROW', row)))].join(' UNION ')
    return `
CREATE TRIGGER ${versionTrigger(table, event)} AFTER ${event}${of} ON "${table}" BEGIN
  INSERT INTO viewVersion (subject, version)
    SELECT subject, 1 FROM (${every}) WHERE subject IS NOT NULL
    ON CONFLICT (subject) DO UPDATE SET version = version + 1; END;`
  }).join('')
}

/** The names of the triggers that a table needs for its rows to be seen at once. */
export function versionTriggers(table: string): string[] {
  return EVENTS.map((event) => versionTrigger(table, event))
}
function versionTrigger(table: string, event: (typeof EVENTS)[number]): string {
  return `${table}MovesVersionAt${event}`
}

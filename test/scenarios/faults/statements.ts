/** SQL text cut into its statements; triggers and texts have semicolons inside. */
export function statementsOf(text: string): string[] {
  const statements: string[] = []
  let statement = ''
  for (const piece of text.split(';')) {
    statement += `${piece};`
    if (isIncomplete(statement)) continue
    if (statement.replace(/--.*$/gm, '').replaceAll(';', '').trim() !== '') statements.push(statement)
    statement = ''
  }
  return statements
}

function isIncomplete(statement: string): boolean {
  const quotes = statement.replace(/--.*$/gm, '').split("'").length - 1
  if (quotes % 2 === 1) return true
  if (!/\bCREATE\s+(TEMP\s+)?TRIGGER\b/i.test(statement)) return false
  return !/\bEND\s*;\s*$/i.test(statement)
}

import type { Migration } from '../migrate.ts'

/** Two spaces after the last sign, so that every pair of signs begins a triple: pairs are looked up as beginnings of triples. */
const PAD = `'  '`
const ofTicket = (row: string) => `coalesce(${row}.note, '') || coalesce(
  (SELECT ' ' || group_concat(value, ' ') FROM json_each(${row}.intake) WHERE type = 'text'), '') || ${PAD}`
const ofMessage = (row: string) => `${row}.text || ${PAD}`
const ofCabinet = (row: string) =>
  `${row}.nameZh || ' ' || ${row}.nameEn || ' ' || ${row}.siteZh || ' ' || ${row}.siteEn || ${PAD}`

interface Source {
  table: string
  key: string
  /** Columns whose text is searched. */
  columns: string
  /** The text as it stands in the row, or once more beside its place in the index. */
  text: (row: string) => string
  isKept: boolean
  hasChanged: string
}
const SOURCES: readonly Source[] = [
  {
    table: 'ticket',
    key: 'ticketId',
    columns: 'note, intake',
    text: ofTicket,
    isKept: true,
    hasChanged: 'OLD.note IS NOT NEW.note OR OLD.intake <> NEW.intake',
  },
  {
    table: 'ticketMessage',
    key: 'messageId',
    columns: 'text',
    text: ofMessage,
    isKept: false,
    hasChanged: 'OLD.text <> NEW.text',
  },
  {
    table: 'cabinet',
    key: 'cabinetId',
    columns: 'nameZh, nameEn, siteZh, siteEn',
    text: ofCabinet,
    isKept: false,
    hasChanged: `${ofCabinet('OLD')} <> ${ofCabinet('NEW')}`,
  },
]

/** Texts enter with their row, change with it and leave with it, in its transaction: what is erased cannot be found any more. */
function keptInStep({ table, key, columns, text, isKept, hasChanged }: Source): string {
  const placeOf = (row: string) => `(SELECT textId FROM ticketText WHERE ${key} = ${row}.${key})`
  const leave = `INSERT INTO ticketSearch (ticketSearch, rowid, text) VALUES ('delete', ${placeOf('OLD')}, ${text('OLD')});`
  const enter = `INSERT INTO ticketSearch (rowid, text) VALUES (${placeOf('NEW')}, ${text('NEW')});`
  return `
CREATE TRIGGER ${table}IsFound AFTER INSERT ON ${table} BEGIN
  INSERT INTO ticketText (${key}, ownText) VALUES (NEW.${key}, ${isKept ? text('NEW') : 'NULL'});
  ${enter}
END;
CREATE TRIGGER ${table}IsFoundAnew AFTER UPDATE OF ${columns} ON ${table} WHEN ${hasChanged} BEGIN
  ${leave}${
    isKept
      ? `
  UPDATE ticketText SET ownText = ${text('NEW')} WHERE ${key} = NEW.${key};`
      : ''
  }
  ${enter}
END;
CREATE TRIGGER ${table}IsNotFound AFTER DELETE ON ${table} BEGIN
  ${leave}
  DELETE FROM ticketText WHERE ${key} = OLD.${key};
END;`
}

/** Puts everything into the index that is not in it, oldest first. For the migration, and for rows written while triggers wait. */
export const FILL_TICKET_SEARCH = `
INSERT INTO ticketText (cabinetId) SELECT cabinetId FROM cabinet
  WHERE cabinetId NOT IN (SELECT cabinetId FROM ticketText WHERE cabinetId IS NOT NULL);
INSERT INTO ticketText (ticketId, ownText) SELECT ticketId, ${ofTicket('ticket')} FROM ticket
  WHERE ticketId NOT IN (SELECT ticketId FROM ticketText WHERE ticketId IS NOT NULL) ORDER BY openedAtMs;
INSERT INTO ticketText (messageId) SELECT messageId FROM ticketMessage
  WHERE messageId NOT IN (SELECT messageId FROM ticketText WHERE messageId IS NOT NULL) ORDER BY atMs;
INSERT INTO ticketSearch (ticketSearch) VALUES ('rebuild');`

/**
 * What was written in tickets, and the names of cabinets, found by any three signs in a row, whatever the script. Messages
 * and names are kept once, in their rows; what a ticket was opened with is put together from two columns and stands beside its
 * place. 'secure-delete' takes erased text out of the index at once instead of with a later merge.
 */
export const ticketSearchMigration: Migration = {
  version: 34,
  name: 'ticket-search',
  statements: `
CREATE TABLE ticketText (
  textId INTEGER PRIMARY KEY, ticketId TEXT UNIQUE, messageId TEXT UNIQUE, cabinetId TEXT UNIQUE, ownText TEXT,
  CHECK ((ticketId IS NOT NULL) + (messageId IS NOT NULL) + (cabinetId IS NOT NULL) = 1),
  CHECK ((ownText IS NULL) = (ticketId IS NULL))) STRICT;
CREATE VIEW ticketSearched (textId, text) AS
  SELECT x.textId, CASE
    WHEN x.messageId IS NOT NULL THEN (SELECT ${ofMessage('m')} FROM ticketMessage AS m WHERE m.messageId = x.messageId)
    WHEN x.ticketId IS NOT NULL THEN x.ownText
    ELSE (SELECT ${ofCabinet('c')} FROM cabinet AS c WHERE c.cabinetId = x.cabinetId) END
  FROM ticketText AS x;
CREATE VIRTUAL TABLE ticketSearch USING fts5(
  text, content = 'ticketSearched', content_rowid = 'textId', tokenize = 'trigram');
INSERT INTO ticketSearch (ticketSearch, rank) VALUES ('secure-delete', 1);
CREATE VIRTUAL TABLE ticketSearchTerm USING fts5vocab('ticketSearch', 'row');
CREATE INDEX ticketByConsumerTail ON ticket (substr(consumerId, -4)) WHERE consumerId IS NOT NULL;
${SOURCES.map(keptInStep).join('')}
${FILL_TICKET_SEARCH}
`,
}

import { KNOWLEDGE_KINDS, KNOWLEDGE_STATES } from '#protocol/api/knowledge.ts'
import { type Migration, sqlList } from '../migrate.ts'

/** Articles, replies and macros in versions, and where they were used. */
export const knowledgeMigration: Migration = {
  version: 20,
  name: 'knowledge',
  statements: `
CREATE TABLE knowledgeItem (
  itemId TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN (${sqlList(KNOWLEDGE_KINDS)})), key TEXT NOT NULL,
  publishedVersion INTEGER, createdAtMs INTEGER NOT NULL, UNIQUE (kind, key)) STRICT, WITHOUT ROWID;
CREATE TABLE knowledgeVersion (
  itemId TEXT NOT NULL REFERENCES knowledgeItem, version INTEGER NOT NULL CHECK (version > 0),
  state TEXT NOT NULL CHECK (state IN (${sqlList(KNOWLEDGE_STATES)})), content TEXT NOT NULL CHECK (json_valid(content)),
  author TEXT NOT NULL, writtenAtMs INTEGER NOT NULL, reviewer TEXT CHECK (reviewer <> author), decidedAtMs INTEGER,
  note TEXT, PRIMARY KEY (itemId, version)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX knowledgePublishedOnce ON knowledgeVersion (itemId) WHERE state = 'published';
CREATE UNIQUE INDEX knowledgeOpenOnce ON knowledgeVersion (itemId) WHERE state IN ('draft', 'review');
CREATE TRIGGER knowledgeWordsStay BEFORE UPDATE ON knowledgeVersion
  WHEN OLD.state <> 'draft' AND (NEW.content <> OLD.content OR NEW.author <> OLD.author)
  BEGIN SELECT RAISE(ABORT, 'only a draft is rewritten'); END;
CREATE TRIGGER knowledgeVersionsStay BEFORE DELETE ON knowledgeVersion
  BEGIN SELECT RAISE(ABORT, 'versions are kept'); END;
CREATE TABLE knowledgeUse (
  itemId TEXT NOT NULL, version INTEGER NOT NULL, use TEXT NOT NULL CHECK (use IN ('opened', 'sent', 'helped', 'not_helped')),
  ticketId TEXT, staffId TEXT NOT NULL REFERENCES staff, atMs INTEGER NOT NULL,
  FOREIGN KEY (itemId, version) REFERENCES knowledgeVersion) STRICT;
CREATE INDEX knowledgeUseByItem ON knowledgeUse (itemId, atMs);
`,
}

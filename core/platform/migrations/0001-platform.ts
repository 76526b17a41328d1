import { ROLES } from '#protocol/api/common.ts'
import { appendOnly, type Migration, sqlList } from '../migrate.ts'

const COMMAND_STATES = [
  'created',
  'sent',
  'accepted',
  'executing',
  'succeeded',
  'failed',
  'rejected',
  'expired',
  'unknown',
]

/** Platform, catalogue, cabinets, ingest, staff. Booleans are 0 or 1, times are integer milliseconds. */
export const platformMigration: Migration = {
  version: 1,
  name: 'platform',
  statements: `
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE dueWork (
  kind TEXT NOT NULL, subjectId TEXT NOT NULL, dueAtMs INTEGER NOT NULL, payload TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0), claimedUntilMs INTEGER, lastError TEXT,
  PRIMARY KEY (kind, subjectId)) STRICT, WITHOUT ROWID;
CREATE INDEX dueWorkByTime ON dueWork (dueAtMs);

CREATE TABLE incident (
  incidentId TEXT PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, message TEXT NOT NULL,
  count INTEGER NOT NULL CHECK (count > 0), raisedAtMs INTEGER NOT NULL, lastAtMs INTEGER NOT NULL,
  resolvedAtMs INTEGER) STRICT;
CREATE UNIQUE INDEX incidentOpen ON incident (kind, subject) WHERE resolvedAtMs IS NULL;

CREATE TABLE evidence (
  sessionId TEXT NOT NULL, sha256 TEXT NOT NULL CHECK (length(sha256) = 64), cabinetId TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('weight-trace', 'snapshot')), mediaType TEXT NOT NULL,
  byteCount INTEGER NOT NULL CHECK (byteCount >= 0), atMs INTEGER NOT NULL, moment TEXT NOT NULL, camera TEXT,
  registeredAtMs INTEGER NOT NULL,
  PRIMARY KEY (sessionId, sha256)) STRICT, WITHOUT ROWID;
CREATE INDEX evidenceBySha ON evidence (sha256);
CREATE TABLE blob (
  sha256 TEXT PRIMARY KEY CHECK (length(sha256) = 64), cabinetId TEXT NOT NULL, mediaType TEXT NOT NULL,
  byteCount INTEGER NOT NULL CHECK (byteCount >= 0), storedAtMs INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX blobByCabinet ON blob (cabinetId, storedAtMs);

CREATE TABLE change (
  id INTEGER PRIMARY KEY AUTOINCREMENT, atMs INTEGER NOT NULL, kind TEXT NOT NULL, subjectId TEXT NOT NULL,
  cabinetId TEXT, data TEXT) STRICT;

CREATE TABLE audit (
  seq INTEGER PRIMARY KEY CHECK (seq > 0), atMs INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
  subject TEXT NOT NULL, detail TEXT NOT NULL, previousMac TEXT NOT NULL, mac TEXT NOT NULL UNIQUE) STRICT;
${appendOnly('audit')}

CREATE TABLE product (
  sku TEXT PRIMARY KEY, nameZh TEXT NOT NULL, nameEn TEXT NOT NULL,
  unitGrams REAL NOT NULL CHECK (unitGrams > 0), sigmaGrams REAL NOT NULL CHECK (sigmaGrams >= 0),
  priceFen INTEGER NOT NULL CHECK (priceFen >= 0), picture TEXT NOT NULL, foodClass TEXT NOT NULL,
  shelfLifeDays INTEGER NOT NULL CHECK (shelfLifeDays > 0), createdAtMs INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE cabinet (
  cabinetId TEXT PRIMARY KEY, partition INTEGER NOT NULL CHECK (partition BETWEEN 0 AND 63),
  nameZh TEXT NOT NULL, nameEn TEXT NOT NULL, siteZh TEXT NOT NULL, siteEn TEXT NOT NULL,
  operator TEXT NOT NULL, contact TEXT NOT NULL, timeZone TEXT NOT NULL,
  foodClass TEXT NOT NULL CHECK (foodClass IN ('chilled', 'drink', 'frozen', 'ambient')),
  createdAtMs INTEGER NOT NULL,
  passwordSha256 TEXT CHECK (length(passwordSha256) = 64), publicKeyPem TEXT, hardware TEXT,
  enrolledAtMs INTEGER, revokedAtMs INTEGER) STRICT, WITHOUT ROWID;
CREATE INDEX cabinetByOperator ON cabinet (operator);
CREATE TABLE enrolmentCode (
  codeSha256 TEXT PRIMARY KEY, cabinetId TEXT NOT NULL REFERENCES cabinet, createdAtMs INTEGER NOT NULL,
  createdBy TEXT NOT NULL, expiresAtMs INTEGER NOT NULL, usedAtMs INTEGER) STRICT, WITHOUT ROWID;
CREATE TABLE cabinetReport (
  cabinetId TEXT PRIMARY KEY REFERENCES cabinet, linkId TEXT, boot INTEGER NOT NULL DEFAULT 0, firmware TEXT,
  helloAtMs INTEGER, lastHeardMs INTEGER, clockSkewMs INTEGER,
  isDoorOpen INTEGER CHECK (isDoorOpen IN (0, 1)), isLocked INTEGER CHECK (isLocked IN (0, 1)),
  isLockedOut INTEGER NOT NULL DEFAULT 0 CHECK (isLockedOut IN (0, 1)),
  isOutOfService INTEGER NOT NULL DEFAULT 0 CHECK (isOutOfService IN (0, 1)),
  airDeciCelsius INTEGER, airAtMs INTEGER, camera TEXT,
  reportedSetpoint INTEGER, reportedVersion INTEGER NOT NULL DEFAULT 0, reportedAtMs INTEGER) STRICT, WITHOUT ROWID;
CREATE TABLE planogram (
  cabinetId TEXT NOT NULL REFERENCES cabinet, version INTEGER NOT NULL CHECK (version > 0), shelves TEXT NOT NULL,
  createdAtMs INTEGER NOT NULL, createdBy TEXT NOT NULL,
  PRIMARY KEY (cabinetId, version)) STRICT, WITHOUT ROWID;
${appendOnly('planogram')}
CREATE TABLE stockMovement (
  id INTEGER PRIMARY KEY AUTOINCREMENT, cabinetId TEXT NOT NULL REFERENCES cabinet, shelf TEXT NOT NULL,
  sku TEXT NOT NULL REFERENCES product, quantity INTEGER NOT NULL CHECK (quantity <> 0),
  kind TEXT NOT NULL CHECK (kind IN ('sale', 'return', 'restock', 'count', 'shrinkage', 'spoilage')),
  sessionId TEXT, orderId TEXT, reason TEXT, atMs INTEGER NOT NULL) STRICT;
CREATE INDEX stockMovementByCabinet ON stockMovement (cabinetId, sku, shelf, quantity);
CREATE INDEX stockMovementByOrder ON stockMovement (orderId) WHERE orderId IS NOT NULL;
${appendOnly('stockMovement')}

CREATE TABLE twin (
  cabinetId TEXT PRIMARY KEY REFERENCES cabinet, version INTEGER NOT NULL CHECK (version > 0),
  setpointDeciCelsius INTEGER NOT NULL, lowestDeciCelsius INTEGER NOT NULL, highestDeciCelsius INTEGER NOT NULL,
  lockout TEXT NOT NULL, planogramVersion INTEGER, isOutOfService INTEGER NOT NULL CHECK (isOutOfService IN (0, 1)),
  setpointVersion INTEGER NOT NULL, setpointBy TEXT, setpointAtMs INTEGER, sentAtMs INTEGER,
  answeredVersion INTEGER NOT NULL DEFAULT 0,
  answeredStatus TEXT CHECK (answeredStatus IN ('applied', 'rejected', 'overridden')), answeredReason TEXT,
  answeredAtMs INTEGER,
  CHECK (setpointDeciCelsius BETWEEN lowestDeciCelsius AND highestDeciCelsius),
  FOREIGN KEY (cabinetId, planogramVersion) REFERENCES planogram (cabinetId, version)) STRICT, WITHOUT ROWID;
CREATE TABLE setpointChange (
  cabinetId TEXT NOT NULL REFERENCES cabinet, version INTEGER NOT NULL, setpointDeciCelsius INTEGER NOT NULL,
  by TEXT NOT NULL, reason TEXT NOT NULL, atMs INTEGER NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('pending', 'applied', 'rejected', 'overridden', 'superseded')),
  PRIMARY KEY (cabinetId, version)) STRICT, WITHOUT ROWID;
CREATE INDEX setpointChangeByTime ON setpointChange (cabinetId, atMs);

CREATE TABLE command (
  commandId TEXT PRIMARY KEY, cabinetId TEXT NOT NULL REFERENCES cabinet, name TEXT NOT NULL, args TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN (${sqlList(COMMAND_STATES)})), reason TEXT, detail TEXT, linkId TEXT, token TEXT,
  by TEXT NOT NULL, cause TEXT, createdAtMs INTEGER NOT NULL, sentAtMs INTEGER, finishedAtMs INTEGER) STRICT;
CREATE INDEX commandByCabinet ON command (cabinetId, createdAtMs);

CREATE TABLE alarm (
  alarmId TEXT PRIMARY KEY, cabinetId TEXT NOT NULL REFERENCES cabinet, kind TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('raised', 'acknowledged', 'shelved', 'cleared')),
  raisedAtMs INTEGER NOT NULL, lastAtMs INTEGER NOT NULL, count INTEGER NOT NULL CHECK (count > 0),
  key TEXT NOT NULL, sentenceValues TEXT NOT NULL, acknowledgedBy TEXT, acknowledgedAtMs INTEGER, clearedAtMs INTEGER)
  STRICT;
CREATE UNIQUE INDEX alarmActive ON alarm (cabinetId, kind) WHERE state <> 'cleared';
CREATE INDEX alarmByTime ON alarm (raisedAtMs);

CREATE TABLE reading (
  cabinetId TEXT NOT NULL, atMs INTEGER NOT NULL, windowMs INTEGER NOT NULL, lowest INTEGER NOT NULL,
  mean INTEGER NOT NULL, highest INTEGER NOT NULL, setpoint INTEGER, compressorOnMs INTEGER NOT NULL,
  doorOpenMs INTEGER NOT NULL, PRIMARY KEY (cabinetId, atMs)) STRICT, WITHOUT ROWID;
CREATE TABLE doorInterval (
  cabinetId TEXT NOT NULL, openedAtMs INTEGER NOT NULL, closedAtMs INTEGER, sessionId TEXT,
  PRIMARY KEY (cabinetId, openedAtMs)) STRICT, WITHOUT ROWID;
CREATE TABLE lockoutInterval (
  cabinetId TEXT NOT NULL, latchedAtMs INTEGER NOT NULL, cause TEXT NOT NULL, clearedAtMs INTEGER, clearedBy TEXT,
  clearReason TEXT, PRIMARY KEY (cabinetId, latchedAtMs)) STRICT, WITHOUT ROWID;

CREATE TABLE receiver (
  cabinetId TEXT PRIMARY KEY, epoch TEXT NOT NULL, lastSeq INTEGER NOT NULL CHECK (lastSeq >= 0),
  openedAtMs INTEGER NOT NULL, lastAtMs INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE inbox (
  cabinetId TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL CHECK (seq > 0), type TEXT NOT NULL,
  occurredAtMs INTEGER NOT NULL, receivedAtMs INTEGER NOT NULL, deviceAtMs INTEGER NOT NULL, boot INTEGER NOT NULL,
  data TEXT NOT NULL, hash TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('projected', 'unprojected', 'dead')),
  PRIMARY KEY (cabinetId, epoch, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE deadLetter (
  id INTEGER PRIMARY KEY AUTOINCREMENT, cabinetId TEXT NOT NULL, receivedAtMs INTEGER NOT NULL, topic TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('event', 'frame', 'stale_epoch', 'fork')), epoch TEXT, seq INTEGER,
  reason TEXT NOT NULL, body TEXT NOT NULL, resolvedAtMs INTEGER) STRICT;
CREATE INDEX deadLetterOpen ON deadLetter (receivedAtMs) WHERE resolvedAtMs IS NULL;
CREATE INDEX deadLetterByCabinet ON deadLetter (cabinetId);

CREATE TABLE staff (
  staffId TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, displayName TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN (${sqlList(ROLES)})), language TEXT NOT NULL CHECK (language IN ('zh', 'en')),
  operator TEXT, passwordHash TEXT NOT NULL, isActive INTEGER NOT NULL CHECK (isActive IN (0, 1)),
  createdAtMs INTEGER NOT NULL,
  CHECK (role <> 'operator' OR operator IS NOT NULL)) STRICT;
CREATE TABLE staffSession (
  tokenSha256 TEXT PRIMARY KEY, staffId TEXT NOT NULL REFERENCES staff, createdAtMs INTEGER NOT NULL,
  lastSeenMs INTEGER NOT NULL, expiresAtMs INTEGER NOT NULL, revokedAtMs INTEGER) STRICT, WITHOUT ROWID;
CREATE INDEX staffSessionByStaff ON staffSession (staffId);
`,
}

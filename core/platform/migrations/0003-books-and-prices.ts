import {
  DIFFERENCE_KINDS,
  DIFFERENCE_RESOLUTIONS,
  ENTRY_KINDS,
  LEDGER_ACCOUNTS,
} from '#protocol/api/finance.ts'
import { appendOnly, type Migration, sqlList } from '../migrate.ts'

/**
 * The journal. Lines are written first and their entry last: a trigger lets an entry in only when its lines are all there
 * and sum to 0, another lets no line in behind it, and a deferred key lets no line stand without an entry at a commit.
 */
const ledger = `
CREATE TABLE ledgerLine (
  seq INTEGER NOT NULL REFERENCES ledgerEntry DEFERRABLE INITIALLY DEFERRED, position INTEGER NOT NULL CHECK (position >= 0),
  account TEXT NOT NULL CHECK (account IN (${sqlList(LEDGER_ACCOUNTS)})),
  amountFen INTEGER NOT NULL CHECK (amountFen <> 0), PRIMARY KEY (seq, position)) STRICT, WITHOUT ROWID;
CREATE TABLE ledgerEntry (
  seq INTEGER PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN (${sqlList(ENTRY_KINDS)})), subjectId TEXT NOT NULL,
  orderId TEXT, cabinetId TEXT, operator TEXT NOT NULL, day TEXT NOT NULL CHECK (length(day) = 10),
  occurredAtMs INTEGER NOT NULL, postedAtMs INTEGER NOT NULL, lineCount INTEGER NOT NULL CHECK (lineCount >= 2),
  previousMac TEXT NOT NULL, mac TEXT NOT NULL UNIQUE, UNIQUE (kind, subjectId)) STRICT;
CREATE INDEX ledgerEntryByDay ON ledgerEntry (day, operator);
CREATE INDEX ledgerEntryByOrder ON ledgerEntry (orderId);
CREATE INDEX ledgerLineByAccount ON ledgerLine (account, amountFen);
CREATE TRIGGER ledgerEntryBalances BEFORE INSERT ON ledgerEntry
  WHEN (SELECT count(*) FROM ledgerLine WHERE seq = NEW.seq) <> NEW.lineCount
    OR (SELECT coalesce(sum(amountFen), 1) FROM ledgerLine WHERE seq = NEW.seq) <> 0
  BEGIN SELECT RAISE(ABORT, 'an entry has all its lines and they sum to 0'); END;
CREATE TRIGGER ledgerEntryHasNoHole BEFORE INSERT ON ledgerEntry
  WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM ledgerEntry)
  BEGIN SELECT RAISE(ABORT, 'entries are numbered without holes'); END;
CREATE TRIGGER ledgerEntryIsSealed BEFORE INSERT ON ledgerLine
  WHEN EXISTS (SELECT 1 FROM ledgerEntry WHERE seq = NEW.seq)
  BEGIN SELECT RAISE(ABORT, 'no line is added to an entry'); END;
${appendOnly('ledgerEntry')}
${appendOnly('ledgerLine')}
`

const bills = `
CREATE TABLE billRun (
  runId TEXT PRIMARY KEY, day TEXT NOT NULL, startedBy TEXT NOT NULL, startedAtMs INTEGER NOT NULL,
  finishedAtMs INTEGER NOT NULL, sha1 TEXT NOT NULL, report TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX billRunByDay ON billRun (day, finishedAtMs);
CREATE TABLE billRow (
  day TEXT NOT NULL, position INTEGER NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('payment', 'refund')),
  atMs INTEGER NOT NULL, transactionId TEXT NOT NULL, outOrderNo TEXT NOT NULL, deviceId TEXT NOT NULL,
  outRefundNo TEXT, refundStatus TEXT, amountFen INTEGER NOT NULL CHECK (amountFen >= 0), feeFen INTEGER NOT NULL,
  PRIMARY KEY (day, position)) STRICT, WITHOUT ROWID;
CREATE INDEX billRowByTransaction ON billRow (transactionId);
CREATE INDEX billRowByRefund ON billRow (outRefundNo) WHERE outRefundNo IS NOT NULL;
CREATE TABLE billDifference (
  differenceId TEXT PRIMARY KEY, day TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN (${sqlList(DIFFERENCE_KINDS)})),
  subjectId TEXT NOT NULL, orderId TEXT, transactionId TEXT, outRefundNo TEXT, ourFen INTEGER, billFen INTEGER,
  state TEXT NOT NULL CHECK (state IN ('open', 'settled')),
  resolution TEXT CHECK (resolution IN (${sqlList(DIFFERENCE_RESOLUTIONS)})), settledBy TEXT, note TEXT, anomalyId TEXT,
  foundAtMs INTEGER NOT NULL, settledAtMs INTEGER,
  CHECK ((state = 'settled') = (resolution IS NOT NULL AND settledAtMs IS NOT NULL AND settledBy IS NOT NULL)),
  UNIQUE (kind, subjectId)) STRICT, WITHOUT ROWID;
CREATE INDEX billDifferenceByDay ON billDifference (day);
CREATE INDEX billDifferenceOpen ON billDifference (state) WHERE state = 'open';
ALTER TABLE refund ADD COLUMN reroutedAtMs INTEGER;
ALTER TABLE refund ADD COLUMN reroutedBy TEXT;
ALTER TABLE refund ADD COLUMN paidOutAtMs INTEGER;
ALTER TABLE refund ADD COLUMN paidOutBy TEXT;
ALTER TABLE refund ADD COLUMN payoutReference TEXT;
`

/** A price holds from its start to its end or its stop; nothing else about it is ever changed, so that any past moment can be priced again. */
const prices = `
CREATE TABLE priceList (
  priceListId TEXT PRIMARY KEY, operator TEXT NOT NULL, nameZh TEXT NOT NULL, nameEn TEXT NOT NULL,
  startsAtMs INTEGER NOT NULL, endsAtMs INTEGER CHECK (endsAtMs > startsAtMs), createdAtMs INTEGER NOT NULL,
  createdBy TEXT NOT NULL, stoppedAtMs INTEGER, stoppedBy TEXT) STRICT, WITHOUT ROWID;
CREATE INDEX priceListByOperator ON priceList (operator, startsAtMs);
CREATE TABLE priceListItem (
  priceListId TEXT NOT NULL REFERENCES priceList, sku TEXT NOT NULL REFERENCES product,
  priceFen INTEGER NOT NULL CHECK (priceFen > 0), PRIMARY KEY (priceListId, sku)) STRICT, WITHOUT ROWID;
CREATE TABLE priceListCabinet (
  priceListId TEXT NOT NULL REFERENCES priceList, cabinetId TEXT NOT NULL REFERENCES cabinet,
  PRIMARY KEY (cabinetId, priceListId)) STRICT, WITHOUT ROWID;
CREATE TABLE promotion (
  promotionId TEXT PRIMARY KEY, operator TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('timed', 'threshold')),
  nameZh TEXT NOT NULL, nameEn TEXT NOT NULL, startsAtMs INTEGER NOT NULL, endsAtMs INTEGER NOT NULL CHECK (endsAtMs > startsAtMs),
  fromMinute INTEGER NOT NULL CHECK (fromMinute BETWEEN 0 AND 1439), toMinute INTEGER NOT NULL CHECK (toMinute BETWEEN 1 AND 1440),
  weekdays INTEGER NOT NULL CHECK (weekdays BETWEEN 1 AND 127), cabinets TEXT, skus TEXT,
  percentOff INTEGER CHECK (percentOff BETWEEN 1 AND 99), priceFen INTEGER CHECK (priceFen > 0),
  thresholdFen INTEGER CHECK (thresholdFen > 0), offFen INTEGER CHECK (offFen > 0 AND offFen <= thresholdFen),
  timesMost INTEGER CHECK (timesMost BETWEEN 1 AND 100), isExclusive INTEGER NOT NULL CHECK (isExclusive IN (0, 1)),
  createdAtMs INTEGER NOT NULL, createdBy TEXT NOT NULL, stoppedAtMs INTEGER, stoppedBy TEXT,
  CHECK (kind <> 'timed' OR ((percentOff IS NULL) <> (priceFen IS NULL) AND thresholdFen IS NULL)),
  CHECK (kind <> 'threshold' OR (percentOff IS NULL AND priceFen IS NULL AND thresholdFen IS NOT NULL
    AND offFen IS NOT NULL AND timesMost IS NOT NULL))) STRICT, WITHOUT ROWID;
CREATE INDEX promotionByOperator ON promotion (operator, startsAtMs);
CREATE TABLE coupon (
  couponId TEXT PRIMARY KEY, requestId TEXT NOT NULL UNIQUE, consumerId TEXT NOT NULL REFERENCES consumer,
  source TEXT NOT NULL CHECK (source IN ('compensation', 'promotion')), offFen INTEGER NOT NULL CHECK (offFen > 0),
  minimumFen INTEGER NOT NULL CHECK (minimumFen >= 0), reason TEXT NOT NULL, issuedBy TEXT NOT NULL,
  issuedAtMs INTEGER NOT NULL, expiresAtMs INTEGER NOT NULL CHECK (expiresAtMs > issuedAtMs),
  orderId TEXT REFERENCES "order", spentFen INTEGER CHECK (spentFen BETWEEN 1 AND offFen), spentAtMs INTEGER,
  revokedAtMs INTEGER, CHECK ((orderId IS NULL) = (spentFen IS NULL) AND (orderId IS NULL) = (spentAtMs IS NULL)),
  CHECK (orderId IS NULL OR revokedAtMs IS NULL)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX oneCouponPerOrder ON coupon (orderId) WHERE orderId IS NOT NULL;
CREATE INDEX couponByConsumer ON coupon (consumerId, expiresAtMs);
CREATE TABLE pointsMovement (
  id INTEGER PRIMARY KEY, requestId TEXT NOT NULL UNIQUE, consumerId TEXT NOT NULL REFERENCES consumer,
  points INTEGER NOT NULL CHECK (points <> 0), kind TEXT NOT NULL CHECK (kind IN ('issued', 'spent', 'returned')),
  orderId TEXT, reason TEXT NOT NULL, by TEXT NOT NULL, atMs INTEGER NOT NULL,
  CHECK ((kind = 'spent') = (points < 0))) STRICT;
CREATE INDEX pointsMovementByConsumer ON pointsMovement (consumerId);
CREATE TRIGGER pointsAreNeverOwed BEFORE INSERT ON pointsMovement
  WHEN NEW.points + (SELECT coalesce(sum(points), 0) FROM pointsMovement WHERE consumerId = NEW.consumerId) < 0
  BEGIN SELECT RAISE(ABORT, 'more points than there are'); END;
${appendOnly('pointsMovement')}
CREATE TABLE orderDiscount (
  orderId TEXT NOT NULL REFERENCES "order", position INTEGER NOT NULL CHECK (position >= 0),
  kind TEXT NOT NULL CHECK (kind IN ('timed', 'threshold', 'coupon', 'points')), sourceId TEXT NOT NULL,
  nameZh TEXT NOT NULL, nameEn TEXT NOT NULL, amountFen INTEGER NOT NULL CHECK (amountFen > 0),
  isCompensation INTEGER NOT NULL CHECK (isCompensation IN (0, 1)), allocation TEXT NOT NULL,
  PRIMARY KEY (orderId, position)) STRICT, WITHOUT ROWID;
`

/** The journal, the provider's bills beside it, price lists, promotions, coupons, points. */
export const booksAndPricesMigration: Migration = {
  version: 3,
  name: 'books-and-prices',
  statements: `${ledger}${bills}${prices}`,
}

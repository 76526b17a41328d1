import {
  ANOMALY_KINDS,
  ANOMALY_STATES,
  CHARGE_STATES,
  DISPUTE_REASONS,
  ORDER_STATES,
  REFUND_REASONS,
  REFUND_STATES,
  SESSION_STATES,
  TICKET_STATES,
} from '#protocol/api/common.ts'
import { type Migration, sqlList } from '../migrate.ts'

/** A state that was reached for good stays, whatever a bug asks for. */
function terminal(table: string, states: readonly string[]): string {
  return `CREATE TRIGGER ${table.replaceAll('"', '')}EndsForGood BEFORE UPDATE OF state ON ${table}
    WHEN OLD.state IN (${sqlList(states)}) AND NEW.state <> OLD.state
    BEGIN SELECT RAISE(ABORT, 'a terminal state stays'); END;`
}

/** Sessions, orders, money, consumers, tickets, notices. */
export const moneyAndSupportMigration: Migration = {
  version: 2,
  name: 'money-and-support',
  statements: `
CREATE TABLE consumer (
  consumerId TEXT PRIMARY KEY, openidSealed TEXT NOT NULL, openidIndex TEXT NOT NULL UNIQUE,
  language TEXT NOT NULL CHECK (language IN ('zh', 'en')), createdAtMs INTEGER NOT NULL,
  permissionLostAtMs INTEGER) STRICT, WITHOUT ROWID;
CREATE TABLE consumerSession (
  tokenSha256 TEXT PRIMARY KEY CHECK (length(tokenSha256) = 64), consumerId TEXT NOT NULL REFERENCES consumer,
  createdAtMs INTEGER NOT NULL, expiresAtMs INTEGER NOT NULL, revokedAtMs INTEGER) STRICT, WITHOUT ROWID;
CREATE INDEX consumerSessionByConsumer ON consumerSession (consumerId);
CREATE TABLE consent (
  state TEXT PRIMARY KEY, browserSha256 TEXT NOT NULL, cabinetId TEXT NOT NULL, createdAtMs INTEGER NOT NULL,
  usedAtMs INTEGER) STRICT, WITHOUT ROWID;
CREATE TABLE consumerBlock (
  blockId TEXT PRIMARY KEY, consumerId TEXT NOT NULL REFERENCES consumer, reason TEXT NOT NULL,
  createdBy TEXT NOT NULL, createdAtMs INTEGER NOT NULL, expiresAtMs INTEGER, liftedAtMs INTEGER) STRICT;
CREATE INDEX consumerBlockByConsumer ON consumerBlock (consumerId);

CREATE TABLE session (
  sessionId TEXT PRIMARY KEY, requestId TEXT NOT NULL, cabinetId TEXT NOT NULL REFERENCES cabinet,
  consumerId TEXT NOT NULL REFERENCES consumer, kind TEXT NOT NULL CHECK (kind IN ('sale', 'restock', 'service')),
  state TEXT NOT NULL CHECK (state IN (${sqlList(SESSION_STATES)})), deniedReason TEXT,
  planogramVersion INTEGER NOT NULL, commandId TEXT NOT NULL UNIQUE, requestedAtMs INTEGER NOT NULL,
  startedAtMs INTEGER, openedAtMs INTEGER, closedAtMs INTEGER, reconciledAtMs INTEGER, reconciled TEXT,
  CHECK ((state = 'denied') = (deniedReason IS NOT NULL)),
  UNIQUE (consumerId, requestId)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX oneLiveSessionPerCabinet ON session (cabinetId)
  WHERE state IN ('requested', 'authorised', 'unlocking', 'opened', 'closed', 'overdue');
CREATE UNIQUE INDEX oneLiveSessionPerConsumer ON session (consumerId)
  WHERE state IN ('requested', 'authorised', 'unlocking', 'opened', 'closed');
CREATE INDEX sessionByCabinet ON session (cabinetId, requestedAtMs);
${terminal('session', ['settled', 'denied', 'not_opened', 'abandoned'])}

CREATE TABLE "order" (
  orderId TEXT PRIMARY KEY, sessionId TEXT NOT NULL UNIQUE REFERENCES session, cabinetId TEXT NOT NULL,
  consumerId TEXT NOT NULL REFERENCES consumer, state TEXT NOT NULL CHECK (state IN (${sqlList(ORDER_STATES)})),
  heldReason TEXT, heldAtMs INTEGER, releasedAtMs INTEGER,
  totalFen INTEGER NOT NULL CHECK (totalFen >= 0), paidFen INTEGER NOT NULL CHECK (paidFen >= 0),
  refundedFen INTEGER NOT NULL CHECK (refundedFen BETWEEN 0 AND paidFen),
  createdAtMs INTEGER NOT NULL, pricedAtMs INTEGER, chargedAtMs INTEGER, decision TEXT) STRICT, WITHOUT ROWID;
CREATE INDEX orderByConsumer ON "order" (consumerId, createdAtMs);
CREATE INDEX orderByTime ON "order" (createdAtMs);
${terminal('"order"', ['refunded', 'void', 'written_off'])}
CREATE TABLE orderLine (
  lineId TEXT PRIMARY KEY, orderId TEXT NOT NULL REFERENCES "order", position INTEGER NOT NULL,
  sku TEXT NOT NULL REFERENCES product, quantity INTEGER NOT NULL CHECK (quantity > 0),
  unitPriceFen INTEGER NOT NULL CHECK (unitPriceFen >= 0), amountFen INTEGER NOT NULL CHECK (amountFen >= 0),
  probability REAL NOT NULL CHECK (probability BETWEEN 0 AND 1),
  refundedQuantity INTEGER NOT NULL CHECK (refundedQuantity BETWEEN 0 AND quantity),
  refundedFen INTEGER NOT NULL CHECK (refundedFen BETWEEN 0 AND amountFen),
  CHECK (amountFen <= quantity * unitPriceFen), UNIQUE (orderId, position)) STRICT, WITHOUT ROWID;

CREATE TABLE charge (
  chargeId TEXT PRIMARY KEY, sessionId TEXT NOT NULL UNIQUE REFERENCES session,
  orderId TEXT NOT NULL UNIQUE REFERENCES "order", consumerId TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN (${sqlList(CHARGE_STATES)})),
  authorisation TEXT NOT NULL CHECK (authorisation IN ('asked', 'granted', 'declined', 'released')),
  declinedCode TEXT, outOrderNo TEXT NOT NULL UNIQUE CHECK (length(outOrderNo) <= 32), providerOrderId TEXT,
  capFen INTEGER NOT NULL CHECK (capFen > 0), amountFen INTEGER NOT NULL CHECK (amountFen BETWEEN 0 AND capFen),
  lines TEXT, preparedAtMs INTEGER NOT NULL, submittedAtMs INTEGER, pendingAtMs INTEGER, paidAtMs INTEGER,
  polls INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
CREATE INDEX chargeByConsumer ON charge (consumerId, state);
${terminal('charge', ['paid', 'cancelled', 'failed'])}
CREATE TABLE payment (
  paymentId TEXT PRIMARY KEY, chargeId TEXT NOT NULL REFERENCES charge, orderId TEXT NOT NULL REFERENCES "order",
  transactionId TEXT NOT NULL UNIQUE, amountFen INTEGER NOT NULL CHECK (amountFen > 0), paidAtMs INTEGER NOT NULL,
  foundBy TEXT NOT NULL CHECK (foundBy IN ('callback', 'query', 'bill')), foundAtMs INTEGER NOT NULL,
  isDuplicate INTEGER NOT NULL CHECK (isDuplicate IN (0, 1)),
  reservedFen INTEGER NOT NULL CHECK (reservedFen BETWEEN 0 AND amountFen),
  refundedFen INTEGER NOT NULL CHECK (refundedFen BETWEEN 0 AND reservedFen)) STRICT, WITHOUT ROWID;
CREATE INDEX paymentByCharge ON payment (chargeId);
CREATE INDEX paymentByOrder ON payment (orderId);
CREATE TABLE providerCall (
  callId TEXT PRIMARY KEY, operation TEXT NOT NULL, subjectId TEXT NOT NULL, idempotencyKey TEXT NOT NULL,
  method TEXT NOT NULL, path TEXT NOT NULL, body TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('saved', 'answered', 'refused', 'unknown')),
  attempts INTEGER NOT NULL DEFAULT 0, savedAtMs INTEGER NOT NULL, answeredAtMs INTEGER, status INTEGER,
  detail TEXT) STRICT, WITHOUT ROWID;
CREATE INDEX providerCallBySubject ON providerCall (subjectId, savedAtMs);
CREATE INDEX providerCallOpen ON providerCall (state) WHERE state = 'saved';
CREATE TRIGGER providerCallKeepsItsBody BEFORE UPDATE OF operation, subjectId, idempotencyKey, method, path, body
  ON providerCall BEGIN SELECT RAISE(ABORT, 'a call is sent as it was saved'); END;
CREATE TABLE providerEvent (
  eventId TEXT PRIMARY KEY, eventType TEXT NOT NULL, subject TEXT, receivedAtMs INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE refund (
  refundId TEXT PRIMARY KEY, orderId TEXT NOT NULL REFERENCES "order", paymentId TEXT NOT NULL REFERENCES payment,
  amountFen INTEGER NOT NULL CHECK (amountFen > 0), reason TEXT NOT NULL CHECK (reason IN (${sqlList(REFUND_REASONS)})),
  stock TEXT NOT NULL CHECK (stock IN ('back_in_cabinet', 'not_returned', 'written_off')),
  state TEXT NOT NULL CHECK (state IN (${sqlList(REFUND_STATES)})), attempt INTEGER NOT NULL CHECK (attempt > 0),
  outRefundNo TEXT NOT NULL UNIQUE, providerRefundId TEXT, requestedBy TEXT NOT NULL, requestedAtMs INTEGER NOT NULL,
  approvedBy TEXT, approvedAtMs INTEGER, submittedAtMs INTEGER, acceptedAtMs INTEGER, succeededAtMs INTEGER,
  rejectedReason TEXT, isAutomatic INTEGER NOT NULL CHECK (isAutomatic IN (0, 1)),
  needsTwoPeople INTEGER NOT NULL CHECK (needsTwoPeople IN (0, 1)), ticketId TEXT, anomalyId TEXT,
  noticeId TEXT, noticeBoundMs INTEGER, note TEXT, tellConsumer INTEGER NOT NULL CHECK (tellConsumer IN (0, 1)),
  polls INTEGER NOT NULL DEFAULT 0,
  -- Large refunds have two different people.
  CHECK (needsTwoPeople = 0 OR approvedBy IS NULL OR approvedBy <> requestedBy)) STRICT, WITHOUT ROWID;
CREATE INDEX refundByOrder ON refund (orderId, requestedAtMs);
CREATE INDEX refundByState ON refund (state);
${terminal('refund', ['succeeded', 'rejected'])}
CREATE TABLE refundLine (
  refundId TEXT NOT NULL REFERENCES refund, lineId TEXT NOT NULL REFERENCES orderLine,
  quantity INTEGER NOT NULL CHECK (quantity > 0), amountFen INTEGER NOT NULL CHECK (amountFen >= 0),
  PRIMARY KEY (refundId, lineId)) STRICT, WITHOUT ROWID;

CREATE TABLE anomaly (
  anomalyId TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN (${sqlList(ANOMALY_KINDS)})),
  state TEXT NOT NULL CHECK (state IN (${sqlList(ANOMALY_STATES)})), subjectId TEXT NOT NULL, orderId TEXT,
  sessionId TEXT, cabinetId TEXT NOT NULL, consumerId TEXT, detectedAtMs INTEGER NOT NULL, rule TEXT NOT NULL,
  inputs TEXT NOT NULL, outcome TEXT, decidedBy TEXT, decidedAtMs INTEGER, reasonKey TEXT NOT NULL,
  reasonValues TEXT NOT NULL, note TEXT, UNIQUE (kind, subjectId)) STRICT, WITHOUT ROWID;
CREATE INDEX anomalyByOrder ON anomaly (orderId);
CREATE INDEX anomalyByConsumer ON anomaly (consumerId, kind, detectedAtMs);
${terminal('anomaly', ['explained'])}

CREATE TABLE ticket (
  ticketId TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE, requestId TEXT NOT NULL, type TEXT NOT NULL,
  origin TEXT NOT NULL CHECK (origin IN ('dispute', 'anomaly', 'staff')),
  reason TEXT CHECK (reason IN (${sqlList(DISPUTE_REASONS)})),
  state TEXT NOT NULL CHECK (state IN (${sqlList(TICKET_STATES)})),
  priority TEXT NOT NULL CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
  orderId TEXT, cabinetId TEXT, consumerId TEXT, amountFen INTEGER, lines TEXT NOT NULL, note TEXT,
  language TEXT NOT NULL CHECK (language IN ('zh', 'en')), openedAtMs INTEGER NOT NULL, openedBy TEXT NOT NULL,
  firstResponseDueMs INTEGER NOT NULL, firstRespondedAtMs INTEGER, resolutionDueMs INTEGER NOT NULL,
  resolvedAtMs INTEGER, closedAtMs INTEGER, assigneeId TEXT REFERENCES staff,
  isAutomatic INTEGER NOT NULL CHECK (isAutomatic IN (0, 1)), outcome TEXT, rootCause TEXT, outcomeKey TEXT,
  outcomeValues TEXT NOT NULL, rating INTEGER CHECK (rating BETWEEN 1 AND 5), ratingTags TEXT NOT NULL,
  version INTEGER NOT NULL, UNIQUE (openedBy, requestId)) STRICT, WITHOUT ROWID;
CREATE INDEX ticketByState ON ticket (state, resolutionDueMs);
CREATE INDEX ticketByOrder ON ticket (orderId);
CREATE INDEX ticketByConsumer ON ticket (consumerId, openedAtMs);
CREATE TABLE ticketMessage (
  messageId TEXT PRIMARY KEY, ticketId TEXT NOT NULL REFERENCES ticket, requestId TEXT NOT NULL, atMs INTEGER NOT NULL,
  sender TEXT NOT NULL CHECK (sender IN ('consumer', 'agent', 'system')), staffId TEXT, authorName TEXT,
  text TEXT NOT NULL, key TEXT, sentenceValues TEXT NOT NULL, isInternal INTEGER NOT NULL CHECK (isInternal IN (0, 1)),
  UNIQUE (ticketId, requestId)) STRICT, WITHOUT ROWID;
CREATE INDEX ticketMessageByTicket ON ticketMessage (ticketId, atMs);

CREATE TABLE notice (
  noticeId TEXT PRIMARY KEY, consumerId TEXT NOT NULL REFERENCES consumer, template TEXT NOT NULL,
  language TEXT NOT NULL CHECK (language IN ('zh', 'en')), title TEXT NOT NULL, text TEXT NOT NULL, path TEXT,
  subjectId TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('waiting', 'accepted', 'refused', 'given_up')),
  attempts INTEGER NOT NULL DEFAULT 0, createdAtMs INTEGER NOT NULL, acceptedAtMs INTEGER, lastError TEXT,
  UNIQUE (template, subjectId)) STRICT, WITHOUT ROWID;
`,
}

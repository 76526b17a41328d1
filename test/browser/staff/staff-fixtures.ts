import { COMMAND_NAMES } from '#protocol/base/command-names.ts'
import type { TaskView } from '#protocol/api/tickets.ts'
import type { Bilingual, Role } from '#protocol/api/common.ts'
import type { CabinetCourse } from '#protocol/api/staff/cabinet-course.ts'
import type { CabinetDetail } from '#protocol/api/staff/cabinets.ts'
import type { Me } from '#protocol/api/staff/desk.ts'
import type { StaffOrder } from '#protocol/api/staff/orders.ts'
import type { TicketDetail, TicketList } from '#protocol/api/staff/tickets.ts'
import type { SystemView } from '#protocol/api/system.ts'
import { permissionsOf } from '#core/staff/permissions.ts'

/** Builders of what the staff interface answers; a test sets only what matters to it. */
export type Ticket = TicketList['tickets'][number]
export type Cabinet = CabinetDetail['cabinet']
export type Refund = StaffOrder['order']['refunds'][number]

export const MINUTE_MS = 60_000
/** Ten in the morning at the cabinets, 23 November 2026. */
export const NOW_MS = Date.UTC(2026, 10, 23, 2, 0, 0)
export const SESSION_START_MS = NOW_MS - 52 * MINUTE_MS
export const ORDER_ID = 'or0000000000000000000000009fk2m1'

function both(zh: string, en: string): Bilingual {
  return { zh, en }
}
const CABINET_NAME = both('科技园 3 号柜', 'Tech Park No. 3')
const SITE = both('科技园 A 座大堂', 'Tech Park, Building A lobby')
const COLA = { shape: 'can', color: '#c8102e', accent: '#ffffff' } as const
const MILK = { shape: 'box', color: '#2f6fb0', accent: '#ffffff' } as const
const YOGURT = { shape: 'cup', color: '#f2c14e', accent: '#8a4b00' } as const

export function aMe(role: Role): Me {
  return {
    staffId: 'st-li',
    name: 'li',
    displayName: '李敏',
    role,
    permissions: permissionsOf(role),
    language: 'zh',
    refundLimitFen: 5000,
    lacks: null,
    timeZone: 'Asia/Shanghai',
  }
}

export function aTicket(number: number, more: Partial<Ticket> = {}): Ticket {
  return {
    ticketId: `tk-${number}`,
    number,
    type: 'item_returned',
    state: 'new',
    priority: 'normal',
    channel: 'order',
    orderId: ORDER_ID,
    cabinetId: 'cab-001',
    cabinetName: CABINET_NAME,
    consumerLabel: '微信用户 ·4f2a',
    amountFen: 650,
    openedAtMs: NOW_MS - 8 * MINUTE_MS,
    firstResponseDueMs: NOW_MS + 7 * MINUTE_MS,
    firstRespondedAtMs: null,
    resolutionDueMs: NOW_MS + 1432 * MINUTE_MS,
    isPaused: false,
    snoozed: null,
    assignee: null,
    owner: null,
    version: 1,
    ...more,
  }
}

/** Weights every half second: what stood there, and the changes at their times. */
function aCurve(shelf: string, grams: number, changes: ReadonlyArray<readonly [tMs: number, grams: number]>) {
  const points: Array<[number, number]> = []
  for (let tMs = 0; tMs <= 34_000; tMs += 500) {
    const taken = changes.filter(([atMs]) => atMs <= tMs).reduce((sum, [, change]) => sum + change, 0)
    points.push([tMs, grams + taken])
  }
  return { shelf, points }
}

/** Charged twice after an outage: two payments under one charge, 46 minutes after the door closed. */
export function aDoubleChargedOrder(refunds: readonly Refund[] = []): StaffOrder {
  const start = SESSION_START_MS
  const chargedAtMs = start + 46 * MINUTE_MS
  const refundedFen = refunds
    .filter((refund) => refund.state === 'succeeded')
    .reduce((sum, refund) => sum + refund.amountFen, 0)
  const line = { refundedQuantity: 0, refundedFen: 0, quantity: 1 }
  return {
    order: {
      orderId: ORDER_ID,
      sessionId: 'se-one',
      cabinetId: 'cab-001',
      cabinetName: CABINET_NAME,
      site: SITE,
      state: refundedFen > 0 ? 'partly_refunded' : 'paid',
      totalFen: 1650,
      paidFen: 3300,
      refundedFen,
      chargeState: 'paid',
      payUrl: null,
      lines: [
        {
          ...line,
          lineId: 'line-cola',
          sku: 'cola',
          name: both('可乐 330 毫升', 'Cola 330 ml'),
          picture: COLA,
          unitPriceFen: 350,
          amountFen: 350,
          certainty: 'certain',
          probability: 0.9987,
        },
        {
          ...line,
          lineId: 'line-milk',
          sku: 'milk',
          name: both('鲜牛奶 250 毫升', 'Fresh milk 250 ml'),
          picture: MILK,
          unitPriceFen: 650,
          amountFen: 650,
          certainty: 'likely',
          probability: 0.962,
        },
        {
          ...line,
          lineId: 'line-yogurt',
          sku: 'yogurt',
          name: both('芒果酸奶', 'Mango yoghurt'),
          picture: YOGURT,
          unitPriceFen: 650,
          amountFen: 650,
          certainty: 'unsure',
          probability: 0.871,
        },
      ],
      refunds: [...refunds],
      openedAtMs: start + 3000,
      closedAtMs: start + 30_000,
      chargedAtMs,
      deferral: { cause: 'offline', fromMs: start + 12_000, toMs: start + 45 * MINUTE_MS, lateMinutes: 45 },
      story: [
        { atMs: start + 3000, key: 'story.opened', values: {} },
        { atMs: start + 30_000, key: 'story.closed', values: {} },
        { atMs: chargedAtMs, key: 'story.charged', values: { amount: '16.50' } },
      ],
      evidence: [
        {
          sha256: 'a0',
          kind: 'weight-trace',
          mediaType: 'application/json',
          atMs: start,
          moment: 'whole',
          isUploaded: true,
          url: '/evidence/a0',
        },
        ...(['open', 'step', 'close'] as const).map((moment, index) => ({
          sha256: `b${index}`,
          kind: 'snapshot' as const,
          mediaType: 'image/jpeg',
          atMs: start + [3200, 9100, 30_400][index]!,
          moment,
          camera: 'camera-1',
          isUploaded: index !== 2,
          url: `/evidence/b${index}`,
        })),
      ],
      weights: [
        aCurve('1', 4210, [[9000, -330]]),
        aCurve('2', 2950, [
          [14_500, -262],
          [21_000, 262],
          [24_500, -262],
        ]),
        aCurve('3', 1800, []),
      ],
      steps: [
        { tMs: 9000, shelf: '1', grams: -330, explanation: both('取走 1 件可乐', '1 cola taken') },
        { tMs: 14_500, shelf: '2', grams: -262, explanation: both('取走 1 件鲜牛奶', '1 fresh milk taken') },
        {
          tMs: 21_000,
          shelf: '2',
          grams: 262,
          explanation: both('放回 1 件鲜牛奶', '1 fresh milk put back'),
        },
      ],
      disputeId: 'tk-1041',
      actions: [],
    },
    session: {
      sessionId: 'se-one',
      state: 'settled',
      kind: 'sale',
      requestedAtMs: start,
      openedAtMs: start + 3000,
      closedAtMs: start + 30_000,
      planogramVersion: 4,
      engineVersion: 'beam-1.0.0',
      receiptProbability: 0.842,
      verdict: 'review',
      reasons: ['ambiguous'],
      alternatives: [
        {
          lines: [{ sku: 'cola', name: both('可乐', 'Cola'), quantity: 1 }],
          probability: 0.11,
          totalFen: 350,
        },
      ],
    },
    consumer: {
      consumerId: 'co-one',
      label: '微信用户 ·4f2a',
      orders90Days: 23,
      disputes90Days: 2,
      refunds90DaysFen: 650,
      isBlocked: false,
    },
    charges: [
      {
        chargeId: 'ch-one',
        state: 'paid',
        amountFen: 1650,
        providerOrderNumber: '1000202611220000001234',
        preparedAtMs: chargedAtMs - 30_000,
        submittedAtMs: chargedAtMs - 24_000,
        paidAtMs: chargedAtMs,
        payments: [
          {
            paymentId: 'pa-1',
            transactionId: '4200002611220001',
            amountFen: 1650,
            paidAtMs: chargedAtMs,
            foundBy: 'callback',
            isDuplicate: false,
            refundedFen: 0,
          },
          {
            paymentId: 'pa-2',
            transactionId: '4200002611220002',
            amountFen: 1650,
            paidAtMs: chargedAtMs + 8000,
            foundBy: 'query',
            isDuplicate: true,
            refundedFen,
          },
        ],
      },
    ],
    calls: [
      {
        callId: 'ca-1',
        atMs: chargedAtMs - 24_000,
        operation: 'payscore.complete',
        idempotencyKey: 'ch-one-complete-1',
        outcome: 'unknown',
        detail: 'no answer within 5 s',
      },
    ],
    anomalies: [
      {
        anomalyId: 'an-one',
        kind: 'ambiguous',
        state: 'in_review',
        detectedAtMs: chargedAtMs,
        rule: 'receipt-anomaly-1',
        outcome: null,
        decidedBy: null,
        decidedAtMs: null,
        reasonKey: 'anomaly.ambiguous',
        reasonValues: { percent: 84, limit: 97 },
        inputs: { probability: 0.842 },
        actions: ['decide'],
      },
    ],
    timeline: [
      { lane: 'door', fromMs: start + 3000, toMs: start + 30_000, key: 'timeline.door_open', values: {} },
      {
        lane: 'camera',
        fromMs: start + 15_500,
        toMs: start + 20_500,
        key: 'timeline.camera_blocked',
        values: {},
      },
      {
        lane: 'network',
        fromMs: start + 12_000,
        toMs: start + 45 * MINUTE_MS,
        key: 'timeline.offline',
        values: {},
      },
    ],
    ticketId: 'tk-1041',
    arrears: null,
    loweringRequest: null,
    compensation: {
      given: [],
      limitFen: 1000,
      limits: { agentFen: 1000, leadFen: 10_000 },
      recentFen: 0,
    },
    refundableFen: 3300 - refunds.reduce((sum, refund) => sum + refund.amountFen, 0),
    actions: ['refund'],
  }
}

export function aTicketType(more: Partial<TicketDetail['desk']['type']> = {}): TicketDetail['desk']['type'] {
  return {
    type: 'charged_twice',
    label: both('重复扣款', 'Charged twice'),
    side: 'consumer',
    isEntered: true,
    priority: 'high',
    fields: [
      { key: 'orderId', kind: 'order', label: both('订单号', 'Order'), isRequired: true, choices: [] },
    ],
    evidence: ['payments', 'order'],
    suggestion: both('向支付平台核对；第二笔立即退还。', 'Ask the provider; the second payment goes back.'),
    outcomes: ['refunded', 'partly_refunded', 'explained', 'refused', 'charged', 'no_action'],
    rootCauses: ['weighing', 'camera', 'network', 'provider', 'hardware', 'unknown'],
    ...more,
  }
}
export function aTask(more: Partial<TaskView> = {}): TaskView {
  return {
    taskId: 'ts-1',
    ticketId: 'tk-1041',
    ticketNumber: 1041,
    ticketType: 'emergency',
    step: null,
    audience: 'technician',
    cabinetId: 'cab-001',
    cabinetName: CABINET_NAME,
    text: both('到场检查制冷、风机和门封', 'Go there, check compressor, fan and door seal'),
    state: 'open',
    dueAtMs: NOW_MS + 45 * MINUTE_MS,
    createdAtMs: NOW_MS - 15 * MINUTE_MS,
    takenBy: null,
    takenAtMs: null,
    doneBy: null,
    doneAtMs: null,
    result: null,
    version: 1,
    actions: ['take', 'done'],
    ...more,
  }
}
export function aDesk(more: Partial<TicketDetail['desk']> = {}): TicketDetail['desk'] {
  return {
    type: aTicketType(),
    intake: [],
    viewers: [],
    history: [
      { version: 1, atMs: NOW_MS - 8 * MINUTE_MS, by: '', what: 'opened', values: { channel: 'order' } },
    ],
    tasks: [],
    clocks: [
      {
        kind: 'first_response',
        dueAtMs: NOW_MS + 7 * MINUTE_MS,
        isPaused: false,
        metAtMs: null,
        usedPercent: 53,
      },
      {
        kind: 'resolution',
        dueAtMs: NOW_MS + 1432 * MINUTE_MS,
        isPaused: false,
        metAtMs: null,
        usedPercent: 0,
      },
    ],
    alike: [],
    mergedInto: null,
    merged: [],
    incident: null,
    device: null,
    callerPhoneTail: null,
    ...more,
  }
}

/** A refused visit of whoever asked, one of somebody else, and an alarm that is not over. */
export function aCabinetCourse(askedAtMs: number): CabinetCourse {
  return {
    fromMs: askedAtMs - 24 * 60 * MINUTE_MS,
    untilMs: NOW_MS,
    askedAtMs,
    visits: [
      {
        sessionId: 'se-refused',
        kind: 'sale',
        state: 'denied',
        deniedReason: 'cabinet_offline',
        requestedAtMs: askedAtMs - 2 * MINUTE_MS,
        openedAtMs: null,
        closedAtMs: null,
        order: null,
        isOfAsker: true,
      },
      {
        sessionId: 'se-other',
        kind: 'sale',
        state: 'settled',
        deniedReason: null,
        requestedAtMs: askedAtMs - 40 * MINUTE_MS,
        openedAtMs: askedAtMs - 40 * MINUTE_MS,
        closedAtMs: askedAtMs - 39 * MINUTE_MS,
        order: { orderId: ORDER_ID, totalFen: 1650 },
        isOfAsker: false,
      },
    ],
    alarms: [
      {
        alarmId: 'al-offline',
        kind: 'offline',
        state: 'raised',
        raisedAtMs: askedAtMs - 5 * MINUTE_MS,
        clearedAtMs: null,
        key: 'alarm.offline',
        values: {},
      },
    ],
  }
}

export function aTicketDetail(
  ticket: Ticket,
  order: StaffOrder | null,
  messages: TicketDetail['messages'],
): TicketDetail {
  const isClosed = ticket.state === 'resolved' || ticket.state === 'closed'
  return {
    ticket,
    reason: ticket.type,
    note: order ? '同一笔订单被扣了两次钱。' : '早上补货时觉得有点热，请调低到 2 度。',
    language: 'zh',
    messages,
    order,
    named: [],
    caller: null,
    pictures: [],
    advice: order
      ? { action: 'refund', reasonKey: 'advice.double_charge', reasonValues: { count: 2 }, amountFen: 1650 }
      : null,
    outcome: null,
    rootCause: null,
    rating: null,
    desk: aDesk(),
    actions: isClosed
      ? ['note']
      : ['claim', 'reply', 'note', 'refund', 'resolve', 'task', 'split', 'prioritise', 'snooze', 'merge'],
  }
}

export function aSetpoint(more: Partial<Cabinet['setpoint']> = {}): Cabinet['setpoint'] {
  return {
    state: 'in_sync',
    desired: 40,
    desiredVersion: 3,
    desiredBy: 'Wang Jie',
    desiredAtMs: NOW_MS - 120 * MINUTE_MS,
    reported: 40,
    reportedAtMs: NOW_MS - 119 * MINUTE_MS,
    lowest: 0,
    highest: 50,
    rejectReason: null,
    ...more,
  }
}

export function aCabinet(more: Partial<Cabinet> = {}): Cabinet {
  return {
    cabinetId: 'cab-001',
    name: CABINET_NAME,
    site: SITE,
    operator: '江南零售',
    presence: 'online',
    lastHeardMs: NOW_MS - 4000,
    isDoorOpen: false,
    isLockedOut: false,
    isOutOfService: false,
    airDeciCelsius: 43,
    setpoint: aSetpoint(),
    alarms: 1,
    openTickets: 3,
    liveSessionId: null,
    camera: 'clear',
    ...more,
  }
}

export function anAlarm(): CabinetDetail['alarms'][number] {
  return {
    alarmId: 'al-one',
    kind: 'door_left_open',
    state: 'raised',
    raisedAtMs: NOW_MS - 10 * MINUTE_MS,
    count: 2,
    key: 'alarm.door_left_open',
    values: {},
    acknowledgedBy: null,
  }
}

export function aCabinetDetail(cabinet: Cabinet): CabinetDetail {
  const product = { capacity: 12, liveGrams: 3456.4 }
  return {
    cabinet,
    cameras: [
      { camera: 'inside', state: 'clear', trouble: null, sinceMs: null },
      { camera: 'door', state: 'blocked', trouble: 'covered', sinceMs: NOW_MS - 7 * MINUTE_MS },
    ],
    link: {
      epoch: 'ep0000000000000000000000000000a1',
      lastSeq: 4412,
      boot: 7,
      firmware: 'edge 0.1.0',
      clockSkewMs: -42,
      deadLetters: 1,
    },
    stock: [
      {
        ...product,
        shelf: '1',
        sku: 'cola',
        name: both('可乐 330 毫升', 'Cola 330 ml'),
        picture: COLA,
        quantity: 9,
        priceFen: 350,
        unitGrams: 343,
      },
      {
        ...product,
        shelf: '2',
        sku: 'milk',
        name: both('鲜牛奶 250 毫升', 'Fresh milk 250 ml'),
        picture: MILK,
        quantity: 0,
        priceFen: 650,
        unitGrams: 262,
      },
    ],
    planogramVersion: 4,
    alarms: [anAlarm()],
    commands: [
      {
        commandId: 'cm-1',
        name: 'door.lock',
        args: {},
        state: 'expired',
        reason: 'command_expired',
        detail: null,
        result: null,
        createdAtMs: NOW_MS - 90 * MINUTE_MS,
        finishedAtMs: null,
        by: '李敏',
        role: 'technician',
        cause: '柜门没有锁好',
        steps: [
          { state: 'created', atMs: NOW_MS - 90 * MINUTE_MS },
          { state: 'sent', atMs: NOW_MS - 90 * MINUTE_MS + 20 },
          { state: 'expired', atMs: NOW_MS - 90 * MINUTE_MS + 5020 },
        ],
      },
    ],
    allowedCommands: [...COMMAND_NAMES],
    twin: someParts(),
    timeZone: 'Asia/Shanghai',
    shelves: ['s1', 's2'],
    sessions: [
      { sessionId: 'se-one', orderId: ORDER_ID, state: 'settled', atMs: SESSION_START_MS, totalFen: 1650 },
    ],
    events: [
      {
        epoch: 'ep-1',
        seq: 4412,
        type: 'session.reconciled',
        occurredAtMs: SESSION_START_MS,
        receivedAtMs: SESSION_START_MS + 45 * MINUTE_MS,
        status: 'done',
        summary: '3 items',
      },
    ],
    actions: ['setpoint', 'acknowledge', 'twin', 'service'],
  }
}

/** One part in sync, one under way, one refused. */
function someParts(): CabinetDetail['twin'] {
  const part = {
    version: 3,
    wantedBy: '李敏',
    wantedReason: '大厦营业时间',
    wantedAtMs: NOW_MS - 3 * MINUTE_MS,
    reportedAtMs: NOW_MS - 2 * MINUTE_MS,
    status: 'applied' as const,
    reason: null,
    detail: null,
  }
  const hours = {
    timeZone: 'Asia/Shanghai',
    intervals: [{ days: [1, 2, 3], fromMinute: 420, toMinute: 1320 }],
  }
  return [
    { ...part, part: 'service', state: 'in_sync', wanted: { isOutOfService: false }, reported: false },
    { ...part, part: 'hours', state: 'sending', wanted: hours, reported: null },
    { ...part, part: 'camera', state: 'in_sync', wanted: null, reported: null },
    {
      ...part,
      part: 'planogram',
      state: 'rejected',
      wanted: 5,
      reported: 4,
      status: 'rejected',
      reason: 'planogram_unfit',
    },
    {
      ...part,
      part: 'lockout',
      state: 'in_sync',
      wanted: { isEnabled: true, limitDeciCelsius: 50 },
      reported: { isEnabled: true, limitDeciCelsius: 50 },
    },
  ]
}

/** A core that found two payments of one order in its books, and moves no money until a person says so. */
export function aBrokenPromise(): SystemView {
  const found = {
    subject: 'charge:ch-17',
    message: 'the provider holds two payments of one order',
  }
  return {
    money: {
      isStopped: true,
      why: 'broken',
      sinceMs: NOW_MS - 9 * MINUTE_MS,
      detail: `I1 ${found.subject}: ${found.message}`,
      waitingCharges: 4,
      waitingRefunds: 1,
    },
    check: {
      atMs: NOW_MS - MINUTE_MS,
      kind: 'new',
      tookMs: 41,
      isOk: false,
      failure: null,
      violations: [{ invariantId: 'I1', title: 'one visit is paid once', ...found }],
    },
    disk: { freeBytes: 210 * 1024 * 1024, isLow: true },
    backup: {
      isOn: true,
      lastAtMs: NOW_MS - 26 * 60 * MINUTE_MS,
      lastBytes: 48 * 1024 * 1024,
      isLate: true,
      failure: 'no room',
      kept: 6,
    },
    incidents: [
      {
        incidentId: 'in-3',
        kind: 'promise_broken',
        ...found,
        count: 2,
        raisedAtMs: NOW_MS - 9 * MINUTE_MS,
        lastAtMs: NOW_MS - MINUTE_MS,
      },
    ],
    isSomebodyCalled: false,
  }
}

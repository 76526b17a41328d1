import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CABINET } from '#test/core/core-bench.ts'
import { createTicketBench, type DeskPerson, OTHER_CABINET, type TicketBench } from './ticket-bench.ts'

let desk: TicketBench
let agent: DeskPerson
let operator: DeskPerson
let stranger: DeskPerson
beforeAll(async () => {
  desk = await createTicketBench()
  ;[agent, operator, stranger] = [
    await desk.person('agent'),
    await desk.person('operator'),
    await desk.stranger(),
  ]
})
afterAll(() => desk.close())

const question = { type: 'other', channel: 'hotline' }
const open = async (note: string, more: Record<string, unknown> = {}) =>
  (await agent.open({ ...question, note, ...more })).ticket.ticketId
const say = (ticketId: string, text: string, isInternal: boolean) =>
  agent.act(ticketId, 'reply', { requestId: desk.ids.next('request'), text, isInternal })
const ask = (who: DeskPerson, text: string) => who.list(`query=${encodeURIComponent(text)}`)
const found = async (who: DeskPerson, text: string) => (await ask(who, text)).map(({ ticketId }) => ticketId)

describe('somebody who looks for what was written', () => {
  it('finds it by any part of it in any script, also by two signs and by one', async () => {
    const ticketId = await open('冰柜里的抹茶蛋糕已经融化了')
    for (const part of ['抹茶蛋糕', '抹茶', '化了', '抹', '蛋糕 冰柜'])
      expect(await found(agent, part), part).toEqual([ticketId])
    expect(await found(agent, '抹茶饼干')).toEqual([])
    expect(await found(agent, '茶抹')).toEqual([])
  })
  it('reads the words that were found where they stand', async () => {
    const ticketId = await open('something else')
    await say(ticketId, 'We replaced the zirconium hinge today.', false)
    const [hit] = await ask(agent, 'ZIRCONIUM')
    expect(hit?.found).toEqual({
      where: 'message',
      pieces: [
        { text: 'We replaced the ', isHit: false },
        { text: 'zirconium', isHit: true },
        { text: ' hinge today.', isHit: false },
      ],
    })
  })
  it('finds the ticket first that is most about it', async () => {
    const aside = await open(
      `a long story of a walk in the rain, of a dog, of a fence and somewhere a gasket, ${'and more '.repeat(40)}`,
    )
    const about = await open('gasket torn, gasket leaks')
    expect(await found(agent, 'gasket')).toEqual([about, aside])
  })
  it('finds signs as they are, whatever they mean elsewhere', async () => {
    const ticketId = await open(`the label says "50% off*" -- AND (NOT) NEAR o'clock; 100_000`)
    for (const asked of [
      '"50% off*"',
      '50%',
      'off*',
      '--',
      'AND (NOT)',
      "o'clock;",
      '100_000',
      '"',
      '*',
      'NEAR o',
      '(NOT',
    ])
      expect([
        asked,
        (await agent.ask('GET', `/api/staff/tickets?query=${encodeURIComponent(asked)}`)).status,
      ]).toEqual([asked, 200])
    for (const asked of ['"50% off*"', '50%', 'off*', 'AND (NOT)', "o'clock;", '100_000'])
      expect(await found(agent, asked), asked).toEqual([ticketId])
    for (const asked of ['50_', 'of*off', '1000000', 'xylophone OR gasket', 'gasket NOT torn'])
      expect(await found(agent, asked), asked).toEqual([])
  })
  it('finds it under the ticket that it was moved to', async () => {
    const ticketId = await open('two things at once')
    const { messages } = await say(ticketId, 'about the periwinkle', false)
    const messageId = messages.find(({ text }) => text.includes('periwinkle'))?.messageId
    await agent.act(ticketId, 'split', {
      requestId: desk.ids.next('request'),
      type: 'other',
      reason: 'a second question',
      messageIds: [messageId],
    })
    const [other] = await found(agent, 'periwinkle')
    expect(other).toBeDefined()
    expect(other).not.toBe(ticketId)
  })
  it('is given so many at most, of which every one fits', async () => {
    const { db } = desk.bench.core
    const one = await db.read.selectFrom('ticket').selectAll().executeTakeFirstOrThrow()
    await db.write('many', async (tx) => {
      for (let index = 0; index < 250; index++)
        await tx
          .insertInto('ticket')
          .values({
            ...one,
            ticketId: `tkmany${index}`,
            requestId: `rqmany${index}`,
            number: 500_000 + index,
            note: `crowd ${index}`,
          })
          .execute()
    })
    const rows = await ask(agent, 'crowd')
    expect(rows.length).toBe(200)
    expect(rows.every(({ ticketId }) => ticketId.startsWith('tkmany'))).toBe(true)
  })
})

describe('an operator who looks for something', () => {
  it('finds it in their own tickets, never in those of another one', async () => {
    const ticketId = await open('the obsidian lamp', { cabinetId: CABINET })
    expect(await found(operator, 'obsidian')).toEqual([ticketId])
    expect(await found(stranger, 'obsidian')).toEqual([])
    expect(await found(stranger, CABINET)).toEqual([])
    const { nameEn } = await desk.bench.core.db.read
      .selectFrom('cabinet')
      .select('nameEn')
      .where('cabinetId', '=', CABINET)
      .executeTakeFirstOrThrow()
    const named = await ask(operator, nameEn)
    expect(named.map(({ ticketId: id }) => id)).toContain(ticketId)
    expect(named[0]?.found?.where).toBe('cabinet')
    // Their own cabinet has the same name, and no ticket yet.
    expect(await found(stranger, nameEn)).toEqual([])
    const theirs = await open('it hums', { cabinetId: OTHER_CABINET })
    expect(await found(stranger, nameEn)).toEqual([theirs])
  })
  it('learns nothing of what staff wrote for themselves', async () => {
    const ticketId = await open('a plain question', { cabinetId: CABINET, callerPhone: '138 0013 8642' })
    await say(ticketId, 'I suspect a marmalade fraud', true)
    expect((await ask(agent, 'marmalade'))[0]?.found?.where).toBe('note')
    expect(await found(operator, 'marmalade')).toEqual([])
    expect(await found(operator, '8642')).toEqual([])
    expect(await found(agent, '8642')).toEqual([ticketId])
  })
})

import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DisputeView } from '#protocol/api/consumer.ts'
import type { TicketDetail } from '#protocol/api/staff/tickets.ts'
import { decodePicture } from '#core/support/pictures/decode.ts'
import { forgetOutlivedPictures } from '#core/support/pictures/pictures.ts'
import { createSellingBench, type SellingBench } from '#test/core/selling-bench.ts'

const photo = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#a33' } })

describe('a picture that somebody sends', () => {
  it('is made anew of its pixels: upright, not larger than needed, and without place or device', async () => {
    const taken = await photo(3000, 2000)
      .withMetadata({ orientation: 6 })
      .withExif({ IFD0: { Make: 'Phone' }, IFD3: { GPSLatitude: '31/1 12/1 0/1' } })
      .jpeg()
      .toBuffer()
    expect((await sharp(taken).metadata()).exif).toBeDefined()
    const made = await decodePicture(taken)
    const { exif, orientation, format, width, height } = await sharp(made.bytes).metadata()
    expect([format, width, height]).toEqual(['jpeg', 1067, 1600])
    expect([made.widthPixels, made.heightPixels]).toEqual([1067, 1600])
    expect([exif, orientation]).toEqual([undefined, undefined])
  })
  it('may be a PNG with holes or a WebP, and is a JPEG afterwards', async () => {
    const png = await sharp({ create: { width: 40, height: 30, channels: 4, background: '#0000' } })
      .png()
      .toBuffer()
    const webp = await photo(40, 30).webp().toBuffer()
    for (const bytes of [png, webp])
      expect(await sharp((await decodePicture(bytes)).bytes).metadata()).toMatchObject({
        format: 'jpeg',
        width: 40,
      })
  })
  it('loses what is hidden behind it', async () => {
    const polyglot = Buffer.concat([
      await photo(20, 20).jpeg().toBuffer(),
      Buffer.from('<script>alert(1)</script>'),
    ])
    expect((await decodePicture(polyglot)).bytes.includes('script')).toBe(false)
  })
  it.each([
    ['a drawing that runs scripts', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>')],
    ['a page', Buffer.from('<!doctype html><h1>hello</h1>')],
    ['nothing', Buffer.alloc(0)],
    ['half a header', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16])],
  ])('is refused when it is %s', async (_what, bytes) => {
    await expect(decodePicture(bytes)).rejects.toMatchObject({ code: 'bad_picture' })
  })
  it('is refused when it would become huge once it is unpacked', async () => {
    const bomb = await photo(9000, 9000).png({ compressionLevel: 9 }).toBuffer()
    expect(bomb.byteLength).toBeLessThan(500_000)
    await expect(decodePicture(bomb)).rejects.toMatchObject({ code: 'bad_picture' })
  })
})

describe('a question with pictures', () => {
  let selling: SellingBench
  let disputeId: string
  beforeAll(async () => {
    selling = await createSellingBench(1)
    const [order] = selling.orders
    const raised = await selling.bench.core.http.inject({
      method: 'POST',
      url: `/api/consumer/orders/${order?.orderId}/disputes`,
      headers: { cookie: selling.cookie },
      payload: {
        requestId: 'pictures-1',
        reason: 'quality',
        lines: [{ lineId: order?.lineId, quantity: 1 }],
      },
    })
    ;({ disputeId } = raised.json<DisputeView>())
  })
  afterAll(() => selling.close())

  const ask = (
    method: 'GET' | 'POST',
    url: string,
    more: { cookie?: string; payload?: Buffer; type?: string } = {},
  ) =>
    selling.bench.core.http.inject({
      method,
      url,
      headers: {
        cookie: more.cookie ?? selling.cookie,
        ...(more.payload === undefined ? {} : { 'content-type': more.type ?? 'image/jpeg' }),
      },
      ...(more.payload === undefined ? {} : { payload: more.payload }),
    })
  const own = () => `/api/consumer/disputes/${disputeId}/pictures`
  const send = async (requestId: string, payload?: Buffer, more = {}) =>
    ask('POST', `${own()}?requestId=${requestId}`, {
      payload: payload ?? (await photo(30, 20).jpeg().toBuffer()),
      ...more,
    })

  it('says what is wrong with a file that is no picture, whatever it is called', async () => {
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')
    for (const type of ['image/svg+xml', 'image/png', 'application/json']) {
      const refused = await send('picture-0', svg, { type })
      expect([refused.statusCode, refused.json<{ code: string }>().code]).toEqual([415, 'bad_picture'])
    }
    const huge = await send('picture-0', Buffer.alloc(9 * 1024 * 1024))
    expect([huge.statusCode, huge.json<{ code: string }>().code]).toEqual([413, 'payload_too_large'])
  })
  it('has each once, however often it is sent, and at most three', async () => {
    expect((await send('picture-1')).statusCode).toBe(201)
    expect((await send('picture-1')).json<DisputeView>().pictures).toHaveLength(1)
    await send('picture-2')
    const third = (await send('picture-3')).json<DisputeView>()
    expect([third.pictures.length, third.actions.includes('picture')]).toEqual([3, false])
    const fourth = await send('picture-4')
    expect([fourth.statusCode, fourth.json<{ code: string }>().code]).toEqual([409, 'too_many_pictures'])
  })
  it('is seen by its consumer and by staff, who leave an entry in the audit log, and by nobody else', async () => {
    const [picture] = (await ask('GET', `/api/consumer/disputes/${disputeId}`)).json<DisputeView>().pictures
    const seen = await ask('GET', `${own()}/${picture?.pictureId}`)
    expect([seen.headers['content-type'], (await sharp(seen.rawPayload).metadata()).width]).toEqual([
      'image/jpeg',
      30,
    ])
    const stranger = await ask('GET', `${own()}/${picture?.pictureId}`, { cookie: '' })
    expect(stranger.statusCode).toBe(401)

    const agent = await selling.bench.cookieOf('agent')
    const ticket = (
      await ask('GET', `/api/staff/tickets/${disputeId}`, { cookie: agent })
    ).json<TicketDetail>()
    expect(ticket.pictures.map(({ from }) => from)).toEqual(['consumer', 'consumer', 'consumer'])
    const looked = await ask('GET', `/api/staff/tickets/${disputeId}/pictures/${picture?.pictureId}`, {
      cookie: agent,
    })
    expect([looked.statusCode, looked.headers['cache-control']]).toEqual([200, 'no-store'])
    const entries = await selling.bench.core.db.read
      .selectFrom('audit')
      .select('detail')
      .where('action', '=', 'evidence.viewed')
      .where('subject', '=', `ticket:${disputeId}`)
      .execute()
    expect(entries).toEqual([{ detail: expect.stringContaining(picture?.pictureId ?? '') as string }])
  })
  it('takes what staff got by e-mail as well', async () => {
    const added = await ask('POST', `/api/staff/tickets/${disputeId}/pictures?requestId=picture-6`, {
      cookie: await selling.bench.cookieOf('agent'),
      payload: await photo(10, 10).png().toBuffer(),
      type: 'image/png',
    })
    expect(added.json<TicketDetail>().pictures.at(-1)).toMatchObject({ from: 'staff', widthPixels: 10 })
    expect(
      (await ask('GET', `/api/consumer/disputes/${disputeId}`)).json<DisputeView>().pictures,
    ).toHaveLength(3)
  })
  it('keeps them sealed, gives them to their consumer with everything else, and lets go of them in time', async () => {
    const { db } = selling.bench.core
    const rows = await db.read.selectFrom('ticketPicture').select('sealed').execute()
    for (const { sealed } of rows)
      await expect(sharp(Buffer.from(sealed ?? [])).metadata()).rejects.toThrow(/unsupported image format/)
    const data = (await ask('GET', '/api/consumer/own-data')).json<{
      questions: Array<{ pictures: Array<{ jpegBase64: string }> }>
    }>()
    const [given] = data.questions[0]?.pictures ?? []
    expect((await sharp(Buffer.from(given?.jpegBase64 ?? '', 'base64')).metadata()).format).toBe('jpeg')

    await db.write('closed long ago', (tx) =>
      tx.updateTable('ticket').set({ closedAtMs: 1000 }).where('ticketId', '=', disputeId).execute(),
    )
    expect(await db.write('let go', (tx) => forgetOutlivedPictures(tx, 2000))).toBe(4)
    const view = (await ask('GET', `/api/consumer/disputes/${disputeId}`)).json<DisputeView>()
    expect(view.pictures.every(({ isGone }) => isGone)).toBe(true)
    const gone = await ask('GET', `${own()}/${view.pictures[0]?.pictureId}`)
    expect(gone.statusCode).toBe(404)
  })
  it('is refused for a question that is settled, with what to do, but for one that was sent before', async () => {
    const [order] = selling.orders
    const raised = await selling.bench.core.http.inject({
      method: 'POST',
      url: `/api/consumer/orders/${order?.orderId}/disputes`,
      headers: { cookie: selling.cookie },
      payload: { requestId: 'pictures-4', reason: 'other', lines: [] },
    })
    const { disputeId: settled } = raised.json<DisputeView>()
    const sendTo = async (requestId: string) =>
      ask('POST', `/api/consumer/disputes/${settled}/pictures?requestId=${requestId}`, {
        payload: await photo(30, 20).jpeg().toBuffer(),
      })
    expect((await sendTo('picture-8')).statusCode).toBe(201)
    const cookie = await selling.bench.cookieOf('agent')
    const { version } = (await ask('GET', `/api/staff/tickets/${settled}`, { cookie })).json<TicketDetail>()
      .ticket
    await selling.bench.core.http.inject({
      method: 'POST',
      url: `/api/staff/tickets/${settled}/resolve`,
      headers: { cookie },
      payload: { version, outcome: 'explained', rootCause: 'unknown' },
    })
    const refused = await sendTo('picture-9')
    expect([refused.statusCode, refused.json<{ code: string }>().code]).toEqual([409, 'conflict'])
    const again = await sendTo('picture-8')
    expect([again.statusCode, again.json<DisputeView>().pictures.length]).toEqual([201, 1])
  })
  it('of a question that was merged goes with the one in which it went on', async () => {
    const { core } = selling.bench
    const cookie = await selling.bench.cookieOf('agent')
    const [order] = selling.orders
    const raise = async (requestId: string) => {
      const raised = await core.http.inject({
        method: 'POST',
        url: `/api/consumer/orders/${order?.orderId}/disputes`,
        headers: { cookie: selling.cookie },
        payload: { requestId, reason: 'quality', lines: [{ lineId: order?.lineId, quantity: 1 }] },
      })
      return raised.json<DisputeView>().disputeId
    }
    const [first, second] = [await raise('pictures-2'), await raise('pictures-3')]
    await ask('POST', `/api/consumer/disputes/${first}/pictures?requestId=picture-7`, {
      payload: await photo(30, 20).jpeg().toBuffer(),
    })
    const { version } = (await ask('GET', `/api/staff/tickets/${first}`, { cookie })).json<TicketDetail>()
      .ticket
    const merged = await core.http.inject({
      method: 'POST',
      url: `/api/staff/tickets/${first}/merge`,
      headers: { cookie },
      payload: { version, intoTicketId: second, reason: 'asked twice' },
    })
    expect(merged.statusCode, merged.body).toBe(200)
    const letGo = () => core.db.write('let go', (tx) => forgetOutlivedPictures(tx, 2000))
    expect(await letGo()).toBe(0)
    await core.db.write('closed long ago', (tx) =>
      tx.updateTable('ticket').set({ closedAtMs: 1000 }).where('ticketId', '=', second).execute(),
    )
    expect(await letGo()).toBe(1)
  })
})

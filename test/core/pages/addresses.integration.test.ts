import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import Fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { registerConsoleFiles } from '#core/pages/console-files.ts'
import type { HttpApp } from '#core/platform/http.ts'
import { type CoreBench, createCoreBench } from '#test/core/core-bench.ts'

let bench: CoreBench
beforeAll(async () => {
  bench = await createCoreBench()
})
afterAll(() => bench.close())

const asPerson = { accept: 'text/html,application/xhtml+xml' }
const ask = (method: 'GET' | 'HEAD', url: string, headers: Record<string, string> = asPerson) =>
  bench.core.http.inject({ method, url, headers })

describe('somebody asks only whether a page is there', () => {
  it.each(['/', '/privacy', '/help'])('%s: the head of the page without its body', async (url) => {
    const [head, page] = [await ask('HEAD', url), await ask('GET', url)]
    expect([head.statusCode, head.headers['content-type']]).toEqual([200, page.headers['content-type']])
    expect(head.body).toBe('')
    expect(page.body).not.toBe('')
  })

  it('nothing is there: 404', async () => {
    expect((await ask('HEAD', '/nothing')).statusCode).toBe(404)
  })
})

describe('somebody who needs a person', () => {
  it.each(['/', '/privacy', '/help', '/c/cab-001', '/nothing'])(
    '%s: is one tap away from one',
    async (url) => {
      const { body } = await ask('GET', url)
      expect(body).toContain('<a href="tel:4008000000" data-call>')
    },
  )

  it('reaches whoever runs the cabinet they stand at', async () => {
    await bench.core.db.write('another operator', (tx) =>
      tx
        .updateTable('cabinet')
        .set({ contact: '+86 21 5555 0000' })
        .where('cabinetId', '=', 'cab-001')
        .execute(),
    )
    expect((await ask('GET', '/c/cab-001')).body).toContain('<a href="tel:+862155550000" data-call>')
  })
})

describe('an address that nobody has', () => {
  it('is a page for people', async () => {
    const answer = await ask('GET', '/nothing')
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8'])
  })

  it.each([
    ['a program', '/nothing', { accept: 'application/json' }],
    ['a browser that looks at the interface', '/api/nothing', asPerson],
  ] as const)('is an error code for %s', async (_, url, headers) => {
    const answer = await ask('GET', url, headers)
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([404, 'not_found'])
  })
})

describe('an address below the console', () => {
  let folder: string
  const app = Fastify() as unknown as HttpApp
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'console-'))
    mkdirSync(path.join(folder, 'staff'))
    writeFileSync(path.join(folder, 'staff/index.html'), '<title>console</title>')
    writeFileSync(path.join(folder, 'staff/addresses.json'), '["/staff/","/staff/tickets/:id"]')
    registerConsoleFiles(app, folder)
  })
  afterAll(async () => {
    await app.close()
    rmSync(folder, { recursive: true })
  })

  it.each([
    ['/staff', 200],
    ['/staff/', 200],
    ['/staff/tickets/ti1?view=mine', 200],
    ['/staff/nothing', 404],
    ['/staff/tickets/ti1/nothing', 404],
  ])('%s is answered with the console and %i', async (url, status) => {
    const answer = await app.inject({ url })
    expect([answer.statusCode, answer.body]).toEqual([status, '<title>console</title>'])
  })
})

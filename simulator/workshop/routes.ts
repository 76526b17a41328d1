import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { createReadStream } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Cabinet } from '#simulator/cabinet/cabinet-types.ts'
import { foreignArt, goodsArt } from '#simulator/camera/goods-art.ts'

const PAGE_FOLDER = path.join(path.dirname(fileURLToPath(import.meta.url)), 'page')

/** Where the page's links lead. */
export interface WorkshopLinks {
  readonly provider: string
  readonly notices: string
  /** The page that the code on the cabinet opens. */
  readonly consumer: string
}

/** All that the page may load: itself. */
const CONTENT_POLICY =
  "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"
const LIT_HTML = path.join(path.dirname(fileURLToPath(import.meta.resolve('lit-html'))), '../lit-html.js')

/** The technician's page at `/`: plain files, no build, nothing from other hosts. */
export async function registerWorkshop(
  app: FastifyInstance,
  options: { cabinet: Cabinet; links: WorkshopLinks },
) {
  const { cabinet, links } = options
  await app.register(fastifyStatic, {
    root: PAGE_FOLDER,
    prefix: '/',
    cacheControl: false,
    setHeaders: (reply) => {
      reply.header('content-security-policy', CONTENT_POLICY)
      reply.header('cache-control', 'no-cache')
    },
  })
  app.get('/vendor/lit-html.js', (_request, reply) =>
    reply.type('text/javascript').send(createReadStream(LIT_HTML)),
  )
  /** What the page needs once: how goods look, and where the stand-ins are. */
  app.get('/workshop/setup.json', () => ({
    links,
    foreign: foreignArt,
    shelves: cabinet.shelfIds.map((id) => ({ id, lanes: cabinet.lanesOf(id) })),
    products: [...cabinet.products.values()].map((product) => ({
      sku: product.sku,
      name: product.name,
      unitGrams: product.unitGrams,
      art: goodsArt(product),
    })),
  }))
}

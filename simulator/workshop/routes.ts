import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Cabinet } from '#simulator/cabinet/cabinet.ts'
import { foreignArt, goodsArt } from '#simulator/camera/goods-art.ts'

const PAGE_FOLDER = path.join(path.dirname(fileURLToPath(import.meta.url)), 'page')

/** The technician's page at `/`: plain files, no build, nothing from other hosts. */
export async function registerWorkshop(
  app: FastifyInstance,
  options: { cabinet: Cabinet; links: { provider: string; notices: string } },
) {
  const { cabinet, links } = options
  await app.register(fastifyStatic, { root: PAGE_FOLDER, prefix: '/', cacheControl: false })
  /** What the page needs once: how goods look, and where the stand-ins are. */
  app.get('/workshop/setup.json', () => ({
    links,
    foreign: foreignArt,
    products: [...cabinet.products.values()].map((product) => ({
      sku: product.sku,
      name: product.name,
      unitGrams: product.unitGrams,
      art: goodsArt(product),
    })),
  }))
}

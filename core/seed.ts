import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import Type from 'typebox'
import { Bilingual, oneOf, Picture, ROLES, Sku } from '#protocol/api/common.ts'
import { CabinetError } from '#protocol/base/errors.ts'
import { ID_PATTERN } from '#protocol/base/ids.ts'
import type { Random } from '#protocol/base/random.ts'
import { PARTITION_COUNT } from '#protocol/base/units.ts'
import { parseValue } from '#protocol/messages/index.ts'
import { insertPlanogram } from '#core/cabinets/planograms.ts'
import type { Credentials } from '#core/cabinets/credentials.ts'
import type { CabinetRegistry } from '#core/cabinets/registry.ts'
import { recordMovement } from '#core/catalog/queries.ts'
import { nowOf, type Tx } from '#core/platform/database.ts'
import type { CoreDeps } from '#core/platform/deps.ts'
import type { StaffAccounts } from '#core/staff/accounts.ts'

const closed = { additionalProperties: false } as const
const FoodClass = oneOf(['chilled', 'drink', 'frozen', 'ambient'])
export const SeedFile = Type.Object(
  {
    version: Type.Literal(1),
    cabinet: Type.Object(
      {
        id: Type.String({ pattern: ID_PATTERN }),
        partition: Type.Integer({ minimum: 0, maximum: PARTITION_COUNT - 1 }),
        name: Bilingual,
        site: Bilingual,
        timeZone: Type.String(),
        foodClass: FoodClass,
        setpointDeciCelsius: Type.Integer(),
        operator: Type.String(),
        contact: Type.String(),
      },
      closed,
    ),
    products: Type.Array(
      Type.Object(
        {
          sku: Sku,
          name: Bilingual,
          unitGrams: Type.Number({ exclusiveMinimum: 0 }),
          sigmaGrams: Type.Number({ minimum: 0 }),
          priceFen: Type.Integer({ minimum: 0 }),
          picture: Picture,
          foodClass: FoodClass,
          shelfLifeDays: Type.Integer({ minimum: 1 }),
        },
        closed,
      ),
    ),
    planogram: Type.Object(
      {
        shelves: Type.Array(
          Type.Object(
            {
              id: Type.String({ pattern: ID_PATTERN }),
              /** Which door it is behind; only the simulated cabinet needs to know. */
              door: Type.Optional(Type.Integer({ minimum: 0, maximum: 3 })),
              lanes: Type.Array(
                Type.Object(
                  {
                    sku: Sku,
                    stock: Type.Integer({ minimum: 0 }),
                    priceFen: Type.Integer({ minimum: 0 }),
                    capacity: Type.Optional(Type.Integer({ minimum: 1 })),
                  },
                  closed,
                ),
              ),
            },
            closed,
          ),
        ),
      },
      closed,
    ),
    staff: Type.Array(
      Type.Object(
        {
          name: Type.String({ minLength: 1, maxLength: 64 }),
          role: oneOf(ROLES),
          displayName: Type.String(),
          language: oneOf(['zh', 'en']),
          operator: Type.Optional(Type.String()),
        },
        closed,
      ),
    ),
  },
  closed,
)
export type SeedFile = Type.Static<typeof SeedFile>

export interface SignIn {
  name: string
  role: string
  password: string
}
export interface Seeded {
  /** Accounts that were made now; empty on later starts. */
  signIns: SignIn[]
  enrolmentCodes: Array<{ cabinetId: string; code: string }>
}

/**
 * Range of the setpoint and limit of the air, tenths of a degree, by food class. Cooling starts a degree above the setpoint, so
 * where food spoils the setpoint stays at least that far below the limit.
 * Source: the food-safety rules in docs/explain.
 */
const CLIMATE = {
  chilled: { lowest: 0, highest: 40, limit: 50, hasLockout: true },
  drink: { lowest: 0, highest: 120, limit: 200, hasLockout: false },
  frozen: { lowest: -250, highest: -180, limit: -120, hasLockout: true },
  ambient: { lowest: 0, highest: 250, limit: 400, hasLockout: false },
} as const

export function parseSeed(value: unknown, file: string): SeedFile {
  const parsed = parseValue(SeedFile, value)
  if (!parsed.ok) throw new CabinetError('config_invalid', `--seed ${file}: ${parsed.reason}.`)
  return parsed.value
}

/** Creates what is missing; what is there stays as people left it. */
export async function applySeed(
  deps: CoreDeps & {
    accounts: StaffAccounts
    registry: CabinetRegistry
    credentials: Credentials
    signInsFile: string
  },
  seed: SeedFile,
): Promise<Seeded> {
  await deps.db.write('seed', async (tx) => {
    await seedProducts(tx, seed)
    await seedCabinet(tx, seed)
  })
  await deps.registry.load()
  const signIns = await seedStaff(deps, seed)
  const enrolmentCodes: Seeded['enrolmentCodes'] = []
  for (const cabinet of deps.registry.all()) {
    if (cabinet.credentials.length > 0 || cabinet.cabinetId !== seed.cabinet.id) continue
    const { code } = await deps.credentials.createCode(cabinet.cabinetId, 'system')
    enrolmentCodes.push({ cabinetId: cabinet.cabinetId, code })
  }
  return { signIns, enrolmentCodes }
}

async function seedProducts(tx: Tx, seed: SeedFile): Promise<void> {
  for (const product of seed.products) {
    const { sku, name, unitGrams, sigmaGrams, priceFen, picture, foodClass, shelfLifeDays } = product
    await tx
      .insertInto('product')
      .values({
        sku,
        nameZh: name.zh,
        nameEn: name.en,
        unitGrams,
        sigmaGrams,
        priceFen,
        picture: JSON.stringify(picture),
        foodClass,
        shelfLifeDays,
        createdAtMs: nowOf(tx),
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }
}

/** A cabinet with its planogram and first filling; one that is there stays as it is. */
export async function seedCabinet(
  tx: Tx,
  { cabinet, planogram }: Pick<SeedFile, 'cabinet' | 'planogram'>,
): Promise<void> {
  const cabinetId = cabinet.id
  const known = await tx
    .selectFrom('cabinet')
    .select('cabinetId')
    .where('cabinetId', '=', cabinetId)
    .executeTakeFirst()
  if (known !== undefined) return
  await insertCabinet(tx, cabinet)
  const shelves = planogram.shelves.map((shelf) => ({
    id: shelf.id,
    products: shelf.lanes.map(({ sku, priceFen, stock, capacity }) => ({
      sku,
      priceFen,
      capacity: capacity ?? Math.max(10, stock),
    })),
  }))
  await insertPlanogram(tx, { cabinetId, version: 1, shelves, createdBy: 'system' })
  for (const shelf of planogram.shelves) {
    for (const { sku, stock } of shelf.lanes)
      await recordMovement(tx, {
        cabinetId,
        shelf: shelf.id,
        sku,
        quantity: stock,
        kind: 'restock',
        reason: 'first filling',
      })
  }
}

/** A cabinet with its empty report and its first desired document. */
export async function insertCabinet(tx: Tx, cabinet: SeedFile['cabinet']): Promise<void> {
  const cabinetId = cabinet.id
  const climate = CLIMATE[cabinet.foodClass]
  await tx
    .insertInto('cabinet')
    .values({
      cabinetId,
      partition: cabinet.partition,
      nameZh: cabinet.name.zh,
      nameEn: cabinet.name.en,
      siteZh: cabinet.site.zh,
      siteEn: cabinet.site.en,
      operator: cabinet.operator,
      contact: cabinet.contact,
      timeZone: cabinet.timeZone,
      foodClass: cabinet.foodClass,
      createdAtMs: nowOf(tx),
      hardware: null,
      enrolledAtMs: null,
      revokedAtMs: null,
    })
    .execute()
  await tx
    .insertInto('cabinetReport')
    .values({ cabinetId, boot: 0, isLockedOut: 0, isOutOfService: 0, reportedVersion: 0 })
    .execute()
  await tx
    .insertInto('twin')
    .values({
      cabinetId,
      version: 1,
      setpointDeciCelsius: cabinet.setpointDeciCelsius,
      lowestDeciCelsius: climate.lowest,
      highestDeciCelsius: climate.highest,
      lockout: JSON.stringify({ isEnabled: climate.hasLockout, limitDeciCelsius: climate.limit }),
      planogramVersion: null,
      isOutOfService: 0,
      setpointVersion: 1,
      setpointBy: null,
      setpointAtMs: null,
      sentAtMs: null,
      answeredVersion: 0,
      answeredStatus: null,
      answeredReason: null,
      answeredAtMs: null,
    })
    .execute()
  await tx
    .insertInto('setpointChange')
    .values({
      cabinetId,
      version: 1,
      setpointDeciCelsius: cabinet.setpointDeciCelsius,
      by: 'system',
      reason: 'first setting',
      atMs: nowOf(tx),
      outcome: 'pending',
    })
    .execute()
}

async function seedStaff(
  { db, random, accounts, signInsFile }: CoreDeps & { accounts: StaffAccounts; signInsFile: string },
  seed: SeedFile,
): Promise<SignIn[]> {
  const made: SignIn[] = []
  for (const { name, role, displayName, language, operator } of seed.staff) {
    const known = await db.read
      .selectFrom('staff')
      .select('staffId')
      .where('name', '=', name)
      .executeTakeFirst()
    if (known !== undefined) continue
    const password = makePassword(random)
    await accounts.create({ name, role, displayName, language, operator: operator ?? null, password })
    made.push({ name, role, password })
  }
  if (made.length > 0) saveSignIns(signInsFile, made)
  return made
}

/** Readable over a telephone, about 79 bits. */
function makePassword(random: Random): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789'
  const picked = Array.from(random.bytes(16), (byte) => letters[byte % letters.length])
  return [0, 4, 8, 12].map((at) => picked.slice(at, at + 4).join('')).join('-')
}

function saveSignIns(file: string, made: SignIn[]): void {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  const before = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as SignIn[]) : []
  writeFileSync(file, `${JSON.stringify([...before, ...made], null, 2)}\n`, { mode: 0o600, flush: true })
  chmodSync(file, 0o600)
}

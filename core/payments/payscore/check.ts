import type { Clock } from '#protocol/base/clock.ts'
import { messageOf } from '#protocol/base/errors.ts'
import type { Ids } from '#protocol/base/ids.ts'
import { openCertificates } from './certificates.ts'
import type { Merchant } from './merchant.ts'
import type { SignedAnswer, SignedWire } from './signed-wire.ts'

export interface ProviderCheck {
  readonly name: string
  readonly state: 'ok' | 'warning' | 'failed'
  /** What was seen and, when it is not well, what to do. */
  readonly detail: string
}

const CLOCK_WARNING_MS = 30_000
const KEY_BITS_LEAST = 2048

/** Everything about the account that can be tried without moving money. The files were read before: a bad one never gets here. */
export async function checkMerchant(deps: {
  merchant: Merchant
  wire: SignedWire
  clock: Clock
  ids: Ids
  publicUrl: string
}): Promise<ProviderCheck[]> {
  const { merchant, wire, clock, ids, publicUrl } = deps
  const checks: ProviderCheck[] = []
  const say = (name: string, state: ProviderCheck['state'], detail: string) =>
    checks.push({ name, state, detail })

  const bits = merchant.privateKey.asymmetricKeyDetails?.modulusLength ?? 0
  say(
    'merchant key',
    merchant.privateKey.asymmetricKeyType === 'rsa' && bits >= KEY_BITS_LEAST ? 'ok' : 'failed',
    merchant.privateKey.asymmetricKeyType === 'rsa' && bits >= KEY_BITS_LEAST
      ? `RSA, ${bits} bits, certificate ${merchant.merchantSerialNo}.`
      : `merchantPrivateKeyFile must hold an RSA key of at least ${KEY_BITS_LEAST} bits; download it again with the merchant certificate.`,
  )
  const { configured } = merchant.providerKeys
  say(
    'provider keys',
    'ok',
    configured.length === 0
      ? 'none configured; platform certificates are fetched and proven with the APIv3 key.'
      : `${configured.join(', ')}.`,
  )

  const query = new URLSearchParams({
    service_id: merchant.serviceId,
    out_order_no: ids.next('order'),
    appid: merchant.appId,
  })
  const answer = await ask(() =>
    wire.exchange({ method: 'GET', path: `/v3/payscore/serviceorder?${query.toString()}`, body: '' }),
  )
  if ('reason' in answer) {
    say(
      'address and answer',
      'failed',
      answer.reason.includes('not the provider')
        ? `${merchant.baseUrl} answered, but the answer cannot be proven: ${answer.reason}. Compare providerPublicKeyId and providerPublicKeyFile with the merchant platform (API security, public key).`
        : `${merchant.baseUrl} gave no answer: ${answer.reason}. Check baseUrl, the network and the firewall.`,
    )
    return checks
  }
  say('address and answer', 'ok', `${merchant.baseUrl} answered, and the answer is the provider's.`)
  const aheadMs = answer.providerAtMs - clock.now()
  say(
    'clock',
    Math.abs(aheadMs) > CLOCK_WARNING_MS ? 'warning' : 'ok',
    Math.abs(aheadMs) > CLOCK_WARNING_MS
      ? `this computer is ${Math.round(-aheadMs / 1000)} s away from the provider; beyond 300 s nothing is accepted. Set the clock by NTP.`
      : 'agrees with the provider.',
  )
  say('our signature and service', ...judge(answer, merchant))

  const certificates = await ask(() => wire.exchange({ method: 'GET', path: '/v3/certificates', body: '' }))
  if ('reason' in certificates || certificates.status !== 200)
    say(
      'APIv3 key',
      'warning',
      'cannot be tried without moving money, because the account has no platform certificate; the first callback shows it.',
    )
  else say('APIv3 key', ...judgeKey(certificates.body, merchant, clock.now()))
  say(
    'callbacks',
    publicUrl.startsWith('https:') ? 'ok' : 'warning',
    publicUrl.startsWith('https:')
      ? `the provider is given ${publicUrl}/provider/callback; it must be reachable from the internet.`
      : `the provider is given ${publicUrl}/provider/callback, which is plain HTTP: the real provider accepts https only (--public-url). Without callbacks every result is found by asking.`,
  )
  return checks
}

async function ask(question: () => Promise<SignedAnswer>): Promise<SignedAnswer | { reason: string }> {
  try {
    return await question()
  } catch (error) {
    return { reason: messageOf(error) }
  }
}

/** What an order number that nobody knows is answered with says who we are to the provider. */
function judge(answer: SignedAnswer, merchant: Merchant): [ProviderCheck['state'], string] {
  const { code = '', message = '' } = JSON.parse(answer.body) as { code?: string; message?: string }
  const told = `It said ${answer.status} ${code} ${message}`.trim()
  if (answer.status === 404)
    return ['ok', `mchId ${merchant.mchId}, appId ${merchant.appId} and serviceId fit.`]
  if (answer.status === 401)
    return [
      'failed',
      `Our signature is not accepted: mchId, merchantSerialNo and merchantPrivateKeyFile must belong together. ${told}.`,
    ]
  if (answer.status === 403)
    return ['failed', `The account may not use this service: compare appId and serviceId. ${told}.`]
  return ['failed', `Compare appId and serviceId with what the provider gave you. ${told}.`]
}
function judgeKey(body: string, merchant: Merchant, nowMs: number): [ProviderCheck['state'], string] {
  try {
    const count = openCertificates(body, merchant.apiV3Key, nowMs).size
    return ['ok', `opens what the provider encrypts (${count} platform certificates).`]
  } catch (error) {
    return [
      'failed',
      `cannot open what the provider encrypts (${messageOf(error)}): compare apiV3KeyFile with the merchant platform; it is shown only when it is set.`,
    ]
  }
}

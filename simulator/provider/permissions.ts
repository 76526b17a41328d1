import { fieldsOf, type JsonObject } from './fields.ts'
import type { Parts } from './parts.ts'
import { ProviderError } from './provider-error.ts'
import type { Permission } from './records.ts'
import { compactTime } from './wire-time.ts'

/** Published: an `apply_permissions_token` lives one hour. */
const APPLY_TOKEN_LIFE_MS = 3_600_000

export interface Permissions {
  ask(body: JsonObject): JsonObject
  byCode(authorizationCode: string): JsonObject
  byOpenid(openid: string): JsonObject
  terminateByCode(authorizationCode: string, body: JsonObject): void
  terminateByOpenid(openid: string, body: JsonObject): void
  /** What the consent page shows; undefined when the token is unknown or too old. */
  findByToken(applyToken: string): Permission | undefined
  grant(applyToken: string, openid: string): Permission
  /** The person takes the permission back in their own app. */
  revoke(authorizationCode: string): Permission
  isAvailable(openid: string): boolean
}

export function createPermissions(parts: Parts): Permissions {
  const { books, clock, keys, random, callbacks, log } = parts

  function view(permission: Permission): JsonObject {
    return {
      service_id: keys.serviceId,
      appid: keys.appId,
      mchid: keys.mchId,
      ...(permission.openid === null ? {} : { openid: permission.openid }),
      authorization_code: permission.authorizationCode,
      authorization_state: permission.state,
      ...(permission.notifyUrl === null ? {} : { notify_url: permission.notifyUrl }),
      ...(permission.revokedAtMs === null
        ? {}
        : { cancel_authorization_time: compactTime(permission.revokedAtMs) }),
      ...(permission.grantedAtMs === null
        ? {}
        : { authorization_success_time: compactTime(permission.grantedAtMs) }),
    }
  }

  function tell(
    permission: Permission,
    status: 'USER_OPEN_SERVICE' | 'USER_CLOSE_SERVICE',
    atMs: number,
  ): void {
    callbacks.enqueue({
      eventType: `PAYSCORE.${status}`,
      summary: status === 'USER_OPEN_SERVICE' ? '授权成功' : '解除授权成功',
      originalType: 'payscore',
      resource: {
        appid: keys.appId,
        mchid: keys.mchId,
        service_id: keys.serviceId,
        openid: permission.openid,
        user_service_status: status,
        openorclose_time: compactTime(atMs),
        authorization_code: permission.authorizationCode,
      },
      url: permission.notifyUrl,
      outOrderNo: null,
      openid: permission.openid,
    })
  }

  function close(permission: Permission): Permission {
    if (permission.state !== 'AVAILABLE') {
      throw new ProviderError('INVALID_REQUEST', '用户授权关系不存在或已解除')
    }
    const closed: Permission = { ...permission, state: 'UNAVAILABLE', revokedAtMs: clock.now() }
    return books.write(() => {
      books.permissions.put(closed)
      tell(closed, 'USER_CLOSE_SERVICE', clock.now())
      log.info({ openid: closed.openid, authorizationCode: closed.authorizationCode }, 'permission closed')
      return closed
    })
  }

  function getByCode(authorizationCode: string): Permission {
    const permission = books.permissions.get(authorizationCode)
    if (!permission) throw new ProviderError('RESOURCE_NOT_EXISTS', '授权协议号不存在')
    return permission
  }
  function findOfPerson(openid: string): Permission | undefined {
    const own = books.permissions.by('openid', openid)
    return own.findLast((one) => one.state === 'AVAILABLE') ?? own.at(-1)
  }

  return {
    ask(body) {
      const fields = fieldsOf(body)
      const authorizationCode = fields.text('authorization_code', { max: 32, pattern: /^[0-9A-Za-z_\-|*]+$/ })
      const notifyUrl = fields.maybeUrl('notify_url') ?? null
      const existing = books.permissions.get(authorizationCode)
      if (existing && existing.state !== 'UNBINDUSER') {
        throw new ProviderError('INVALID_REQUEST', '授权协议号已被使用，请更换authorization_code')
      }
      const applyToken = Buffer.from(random.bytes(48)).toString('base64url')
      books.permissions.put({
        authorizationCode,
        openid: null,
        state: 'UNBINDUSER',
        notifyUrl,
        applyToken,
        applyTokenExpiresAtMs: clock.now() + APPLY_TOKEN_LIFE_MS,
        askedAtMs: existing?.askedAtMs ?? clock.now(),
        grantedAtMs: null,
        revokedAtMs: null,
      })
      return { apply_permissions_token: applyToken }
    },
    byCode: (authorizationCode) => view(getByCode(authorizationCode)),
    byOpenid(openid) {
      const permission = findOfPerson(openid)
      if (permission) return view(permission)
      // Somebody who never agreed is no error on the real wire: they are simply not available.
      return {
        service_id: keys.serviceId,
        appid: keys.appId,
        mchid: keys.mchId,
        openid,
        authorization_state: 'UNAVAILABLE',
      }
    },
    terminateByCode(authorizationCode, body) {
      fieldsOf(body).text('reason', { max: 50 })
      close(getByCode(authorizationCode))
    },
    terminateByOpenid(openid, body) {
      fieldsOf(body).text('reason', { max: 50 })
      const permission = findOfPerson(openid)
      if (!permission) throw new ProviderError('RESOURCE_NOT_EXISTS', '用户未授权该服务')
      close(permission)
    },
    findByToken(applyToken) {
      const permission = books.permissions.by('applyToken', applyToken)[0]
      return permission && permission.applyTokenExpiresAtMs > clock.now() ? permission : undefined
    },
    grant(applyToken, openid) {
      const permission = this.findByToken(applyToken)
      if (!permission)
        throw new ProviderError('INVALID_REQUEST', 'apply_permissions_token不存在或已过期，请重新发起预授权')
      if (!books.people.get(openid)) throw new ProviderError('RESOURCE_NOT_EXISTS', '用户不存在')
      // Agreeing twice (a reload of the page) is the same agreement.
      if (permission.state === 'AVAILABLE' && permission.openid === openid) return permission
      if (permission.state !== 'UNBINDUSER') throw new ProviderError('INVALID_REQUEST', '该授权已被处理')
      const granted: Permission = { ...permission, openid, state: 'AVAILABLE', grantedAtMs: clock.now() }
      return books.write(() => {
        books.permissions.put(granted)
        tell(granted, 'USER_OPEN_SERVICE', clock.now())
        log.info({ openid, authorizationCode: granted.authorizationCode }, 'permission given')
        return granted
      })
    },
    revoke: (authorizationCode) => close(getByCode(authorizationCode)),
    isAvailable: (openid) => books.permissions.by('openid', openid).some((one) => one.state === 'AVAILABLE'),
  }
}

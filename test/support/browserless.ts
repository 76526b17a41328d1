/**
 * A visitor without a browser: keeps cookies, sends the Origin that a page of ours would send, follows nothing by itself.
 * For scenarios, which speak the HTTP of the pages; the pages themselves are tested in a real browser.
 */
export interface Answer {
  status: number
  body: unknown
  headers: Headers
}
export interface Visitor {
  cookies(): Array<{ name: string; value: string }>
  get(path: string): Promise<Answer>
  /** The answer as it came, for pictures. @throws when it is none */
  bytes(path: string): Promise<Uint8Array>
  send(method: 'POST' | 'PUT' | 'DELETE' | 'PATCH', path: string, body?: unknown): Promise<Answer>
  /** These bytes as they are, for pictures. */
  upload(path: string, bytes: Uint8Array, mediaType: string): Promise<Answer>
  /** As a browser without a script sends a form; a field with several values stands in it several times. */
  form(path: string, fields: Record<string, string | readonly string[]>): Promise<Answer>
  /** A page, with these headers. */
  page(path: string, headers?: Record<string, string>): Promise<Answer>
}

const OF_A_SCRIPT = { 'content-type': 'application/json', 'x-requested-with': 'fetch' }
const OF_A_FORM = { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' }

/** @param address  from where they come, as a proxy in front would say; limits are counted by it */
export function createVisitor(baseUrl: string, address?: string): Visitor {
  const cookies = new Map<string, string>()
  async function request(
    method: string,
    path: string,
    body?: string | Uint8Array<ArrayBuffer>,
    more: Record<string, string> = {},
  ): Promise<Answer> {
    const url = new URL(path, baseUrl)
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      headers: {
        accept: 'application/json, text/html;q=0.9',
        origin: new URL(baseUrl).origin,
        ...(address === undefined ? {} : { 'x-forwarded-for': address }),
        ...(cookies.size === 0
          ? {}
          : { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') }),
        ...more,
      },
      ...(body === undefined ? {} : { body }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';')
      const at = pair.indexOf('=')
      const [name, value] = [pair.slice(0, at), pair.slice(at + 1)]
      if (value === '' || /max-age=0/i.test(line)) cookies.delete(name)
      else cookies.set(name, value)
    }
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true
    return {
      status: response.status,
      body: isJson && text !== '' ? JSON.parse(text) : text,
      headers: response.headers,
    }
  }
  return {
    cookies: () => [...cookies].map(([name, value]) => ({ name, value })),
    get: (path) => request('GET', path),
    async bytes(path) {
      const response = await fetch(new URL(path, baseUrl), {
        headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      })
      if (!response.ok) throw new Error(`${path} was answered with ${response.status}`)
      return new Uint8Array(await response.arrayBuffer())
    },
    send: (method, path, body) =>
      body === undefined ? request(method, path) : request(method, path, JSON.stringify(body), OF_A_SCRIPT),
    upload: (path, bytes, mediaType) =>
      request('POST', path, Uint8Array.from(bytes), { 'content-type': mediaType }),
    form(path, fields) {
      const body = new URLSearchParams()
      for (const [name, values] of Object.entries(fields))
        for (const value of [values].flat()) body.append(name, value)
      return request('POST', path, body.toString(), OF_A_FORM)
    },
    page: (path, headers = {}) => request('GET', path, undefined, { accept: 'text/html', ...headers }),
  }
}

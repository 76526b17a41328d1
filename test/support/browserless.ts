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
}

/** @param address  from where they come, as a proxy in front would say; limits are counted by it */
export function createVisitor(baseUrl: string, address?: string): Visitor {
  const cookies = new Map<string, string>()
  async function request(method: string, path: string, body?: unknown): Promise<Answer> {
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
        ...(body === undefined ? {} : { 'content-type': 'application/json', 'x-requested-with': 'fetch' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
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
    send: (method, path, body) => request(method, path, body),
  }
}

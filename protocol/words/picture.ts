/**
 * The drawn picture of a product: two colours and one of five shapes give something to recognise without a
 * photograph and without a request. The same drawing stands on the consumer's page and on the agent's screen.
 */
export interface DrawnPicture {
  readonly shape: 'can' | 'bottle' | 'box' | 'cup' | 'bag'
  /** `#rrggbb`, the body. */
  readonly color: string
  /** `#rrggbb`, label, lid or cap. */
  readonly accent: string
}

/** What stands inside `<svg viewBox="0 0 64 64">`. Colours come from a schema with the pattern `#rrggbb`; anything else becomes grey. */
export function pictureShapes(picture: DrawnPicture): string {
  const body = safeColor(picture.color)
  const label = safeColor(picture.accent)
  const light = mix(body, '#ffffff', 0.35)
  const dark = mix(body, '#000000', 0.16)
  const deep = mix(label, '#000000', 0.18)
  const shadow = '<ellipse cx="32" cy="58.2" rx="17" ry="2.4" fill="#000" opacity=".14"/>'
  const edge = `stroke="${mix(body, '#000000', 0.32)}" stroke-opacity=".55" stroke-width=".8"`
  switch (picture.shape) {
    case 'can':
      return `${shadow}<path d="M20 12l3-4h18l3 4v40l-3 5H23l-3-5z" fill="${body}" ${edge}/><path d="M23 8h18l3 4H20z" fill="#dfe4e6"/><ellipse cx="32" cy="8.6" rx="8" ry="1.5" fill="#b9c1c4"/><path d="M20 52h24l-3 5H23z" fill="#c9d0d3"/><path d="M20 24c8 4 16-4 24 0v17c-8 4-16-4-24 0z" fill="${label}"/><path d="M23.5 13v38" stroke="${light}" stroke-width="2.6" stroke-linecap="round" opacity=".8"/><path d="M40.6 13v38" stroke="${dark}" stroke-width="2.4" stroke-linecap="round" opacity=".5"/><circle cx="32" cy="32.4" r="5" fill="${light}" opacity=".92"/>`
    case 'bottle':
      return `${shadow}<path d="M28 9h8v7c0 4 6 6 6 13v24c0 3-2 4.6-5 4.6H27c-3 0-5-1.6-5-4.6V29c0-7 6-9 6-13z" fill="${body}" ${edge}/><rect x="27" y="4.5" width="10" height="6" rx="1.6" fill="${label}"/><path d="M27 8.5h10" stroke="${deep}" stroke-width=".9"/><path d="M22 33h20v14H22z" fill="${label}"/><path d="M26 37.5h12M26 41h8" stroke="${light}" stroke-width="1.9" stroke-linecap="round"/><path d="M25.4 29v25" stroke="${light}" stroke-width="2.2" stroke-linecap="round" opacity=".7"/><path d="M39.6 30v24" stroke="${dark}" stroke-width="2" stroke-linecap="round" opacity=".45"/>`
    case 'cup':
      return `${shadow}<path d="M16.5 20h31l-4 35c-.2 1.6-1.6 2.6-3.2 2.6H23.7c-1.6 0-3-1-3.2-2.6z" fill="${body}" ${edge}/><path d="M14.5 15.5c0-1.7 1.2-3 3-3h29c1.8 0 3 1.3 3 3V20h-35z" fill="${label}"/><path d="M14.5 18.2h35V20h-35z" fill="${deep}"/><path d="M18.3 32h27.4l-1.7 14H20z" fill="${label}" opacity=".92"/><circle cx="32" cy="39" r="5" fill="${light}"/><path d="M20.6 23l3.3 31" stroke="${light}" stroke-width="2" stroke-linecap="round" opacity=".75"/>`
    case 'box':
      return `${shadow}<path d="M13 22l6-9h26l6 9v32c0 2-1.4 3.4-3.4 3.4H16.4C14.4 57.4 13 56 13 54z" fill="${body}" ${edge}/><path d="M13 22l6-9h26l6 9z" fill="${light}"/><path d="M28 13h8l2 9H26z" fill="${label}"/><path d="M26 22h12v9l-6-3.2L26 31z" fill="${deep}"/><rect x="19" y="36.5" width="26" height="13.5" rx="2.2" fill="${label}"/><path d="M23.5 41.5h17M23.5 45.3h10" stroke="${light}" stroke-width="1.9" stroke-linecap="round"/><path d="M47.8 24v30" stroke="${dark}" stroke-width="2" stroke-linecap="round" opacity=".5"/>`
    case 'bag':
      return `${shadow}<path d="M17 11h30l-1.8 5c4 11 4 25 .6 36l1.7 5.4h-31L18.2 52c-3.4-11-3.4-25 .6-36z" fill="${body}" ${edge}/><path d="M17 11h30l-1.5 4.2h-27zM16.5 57.4l1.5-4.6h28l1.5 4.6z" fill="${dark}"/><path d="M20.5 12.5v1.6M24.5 12.5v1.6M28.5 12.5v1.6M32.5 12.5v1.6M36.5 12.5v1.6M40.5 12.5v1.6M44 12.5v1.6" stroke="${light}" stroke-width="1" stroke-linecap="round" opacity=".7"/><ellipse cx="32" cy="34" rx="11.5" ry="10.5" fill="${label}"/><path d="M25.5 34.5c3-5 10-5 13 0-3 4.5-10 4.5-13 0z" fill="${light}"/><path d="M21.3 19c-2 9-2 21 .2 30" fill="none" stroke="${light}" stroke-width="2" stroke-linecap="round" opacity=".7"/>`
  }
}

function safeColor(color: string): string {
  return /^#[0-9a-f]{6}$/i.test(color) ? color : '#9aa5a2'
}
function mix(color: string, towards: string, share: number): string {
  let out = '#'
  for (const at of [1, 3, 5]) {
    const from = Number.parseInt(color.slice(at, at + 2), 16)
    const to = Number.parseInt(towards.slice(at, at + 2), 16)
    out += Math.round(from + (to - from) * share)
      .toString(16)
      .padStart(2, '0')
  }
  return out
}

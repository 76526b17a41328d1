import activity from 'lucide-static/icons/activity.svg?raw'
import arrowLeft from 'lucide-static/icons/arrow-left.svg?raw'
import banknote from 'lucide-static/icons/banknote.svg?raw'
import bell from 'lucide-static/icons/bell.svg?raw'
import camera from 'lucide-static/icons/camera.svg?raw'
import chart from 'lucide-static/icons/chart-column.svg?raw'
import check from 'lucide-static/icons/check.svg?raw'
import chevronDown from 'lucide-static/icons/chevron-down.svg?raw'
import chevronRight from 'lucide-static/icons/chevron-right.svg?raw'
import circle from 'lucide-static/icons/circle.svg?raw'
import circleAlert from 'lucide-static/icons/circle-alert.svg?raw'
import circleCheck from 'lucide-static/icons/circle-check.svg?raw'
import circleHelp from 'lucide-static/icons/circle-question-mark.svg?raw'
import circleX from 'lucide-static/icons/circle-x.svg?raw'
import clock from 'lucide-static/icons/clock.svg?raw'
import copy from 'lucide-static/icons/copy.svg?raw'
import doorOpen from 'lucide-static/icons/door-open.svg?raw'
import doorClosed from 'lucide-static/icons/door-closed.svg?raw'
import hourglass from 'lucide-static/icons/hourglass.svg?raw'
import house from 'lucide-static/icons/house.svg?raw'
import inbox from 'lucide-static/icons/inbox.svg?raw'
import languages from 'lucide-static/icons/languages.svg?raw'
import lock from 'lucide-static/icons/lock.svg?raw'
import logOut from 'lucide-static/icons/log-out.svg?raw'
import mailWarning from 'lucide-static/icons/mail-warning.svg?raw'
import menu from 'lucide-static/icons/menu.svg?raw'
import minus from 'lucide-static/icons/minus.svg?raw'
import monitor from 'lucide-static/icons/monitor.svg?raw'
import moon from 'lucide-static/icons/moon.svg?raw'
import network from 'lucide-static/icons/wifi.svg?raw'
import phone from 'lucide-static/icons/phone.svg?raw'
import plus from 'lucide-static/icons/plus.svg?raw'
import receipt from 'lucide-static/icons/receipt-text.svg?raw'
import refresh from 'lucide-static/icons/refresh-cw.svg?raw'
import refrigerator from 'lucide-static/icons/refrigerator.svg?raw'
import scale from 'lucide-static/icons/scale.svg?raw'
import scroll from 'lucide-static/icons/scroll-text.svg?raw'
import search from 'lucide-static/icons/search.svg?raw'
import shieldCheck from 'lucide-static/icons/shield-check.svg?raw'
import snowflake from 'lucide-static/icons/snowflake.svg?raw'
import sun from 'lucide-static/icons/sun.svg?raw'
import table from 'lucide-static/icons/table-2.svg?raw'
import target from 'lucide-static/icons/target.svg?raw'
import tag from 'lucide-static/icons/tag.svg?raw'
import thermometer from 'lucide-static/icons/thermometer.svg?raw'
import triangleAlert from 'lucide-static/icons/triangle-alert.svg?raw'
import undo from 'lucide-static/icons/undo-2.svg?raw'
import user from 'lucide-static/icons/user-round.svg?raw'
import offline from 'lucide-static/icons/wifi-off.svg?raw'
import x from 'lucide-static/icons/x.svg?raw'
import { html, type TemplateResult } from 'lit'
import { unsafeSVG } from 'lit/directives/unsafe-svg.js'

/** The one local icon library: only what the pages use, inlined at build time, so nothing is fetched. */
const ICONS = {
  activity,
  'arrow-left': arrowLeft,
  banknote,
  bell,
  camera,
  chart,
  check,
  'chevron-down': chevronDown,
  'chevron-right': chevronRight,
  circle,
  'circle-alert': circleAlert,
  'circle-check': circleCheck,
  'circle-x': circleX,
  clock,
  copy,
  'door-closed': doorClosed,
  'door-open': doorOpen,
  help: circleHelp,
  hourglass,
  house,
  inbox,
  languages,
  lock,
  'log-out': logOut,
  'mail-warning': mailWarning,
  menu,
  minus,
  monitor,
  moon,
  network,
  offline,
  phone,
  plus,
  receipt,
  refresh,
  refrigerator,
  scale,
  scroll,
  search,
  'shield-check': shieldCheck,
  snowflake,
  sun,
  table,
  tag,
  target,
  thermometer,
  'triangle-alert': triangleAlert,
  undo,
  user,
  x,
} as const
export type IconName = keyof typeof ICONS

/** The file's licence comment and size are dropped; the size comes from the style sheet. */
const bodies = new Map<IconName, string>()
function bodyOf(name: IconName): string {
  let body = bodies.get(name)
  if (body === undefined) {
    body = ICONS[name].replace(/^[\s\S]*?<svg[^>]*>/, '').replace(/<\/svg>\s*$/, '')
    bodies.set(name, body)
  }
  return body
}

/** Decoration beside a word: hidden from assistive technology. */
export function icon(name: IconName): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">${unsafeSVG(bodyOf(name))}</svg>`
}

import box from 'lucide-static/icons/box.svg?raw'
import circleAlert from 'lucide-static/icons/circle-alert.svg?raw'
import circleCheck from 'lucide-static/icons/circle-check.svg?raw'
import circleSlash from 'lucide-static/icons/circle-slash.svg?raw'
import circleX from 'lucide-static/icons/circle-x.svg?raw'
import clock from 'lucide-static/icons/clock.svg?raw'
import doorOpen from 'lucide-static/icons/door-open.svg?raw'
import eye from 'lucide-static/icons/eye.svg?raw'
import info from 'lucide-static/icons/info.svg?raw'
import lock from 'lucide-static/icons/lock.svg?raw'
import scale from 'lucide-static/icons/scale.svg?raw'
import undo from 'lucide-static/icons/undo-2.svg?raw'

/** The icons that states use (protocol/words/states.ts). A page that needs another one imports it the same way. */
const ICONS: Readonly<Record<string, string>> = {
  box,
  'circle-alert': circleAlert,
  'circle-check': circleCheck,
  'circle-slash': circleSlash,
  'circle-x': circleX,
  clock,
  'door-open': doorOpen,
  eye,
  info,
  lock,
  scale,
  'undo-2': undo,
}

/** The markup of an icon, hidden from screen readers because a word always stands beside it. An unknown name draws a box. */
export function icon(name: string): string {
  return asDecoration(ICONS[name] ?? box)
}

/** Strips the licence comment that every file repeats and hides the drawing from screen readers. */
export function asDecoration(svg: string): string {
  return svg.replace(/<!--[^]*?-->\s*/, '').replace('<svg', '<svg aria-hidden="true"')
}

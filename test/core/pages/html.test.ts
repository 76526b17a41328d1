import { describe, expect, it } from 'vitest'
import { html, json, raw } from '#core/pages/html.ts'

describe('putting text into a page', () => {
  it('escapes whatever came from people, in content and in attributes', () => {
    const name = `"><script>alert('x')</script>&`
    expect(html`<p title="${name}">${name}</p>`.text).toBe(
      '<p title="&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;">&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;</p>',
    )
  })
  it('keeps markup of its own, joins lists and leaves nothing-values out', () => {
    const items = ['a', 'b'].map((text) => html`<li>${text}</li>`)
    expect(html`<ul>${items}${false}${undefined}${null}${0}</ul>${raw('<hr>')}`.text).toBe(
      '<ul><li>a</li><li>b</li>0</ul><hr>',
    )
  })
  it('gives data to a script without a way to close its element', () => {
    expect(json({ note: '</script><!--' }).text).not.toContain('<')
  })
})

import { css, html, LitElement, svg } from 'lit'
import { customElement, property } from 'lit/decorators.js'
import { unsafeSVG } from 'lit/directives/unsafe-svg.js'
import { type DrawnPicture, pictureShapes } from '#protocol/words/picture.ts'

/** `<product-picture .picture=${product.picture} label="Cola">`: a square of 2.5 em, so its font size sets it; decoration without a label. */
@customElement('product-picture')
export class ProductPicture extends LitElement {
  static override styles = css`
    :host {
      display: inline-block;
      flex: none;
    }
    svg {
      display: block;
      width: 2.5em;
      height: 2.5em;
    }
  `

  @property({ attribute: false }) picture: DrawnPicture | undefined
  @property() label = ''

  protected override render() {
    if (this.picture === undefined) return html``
    // pictureShapes builds from numbers and checked colours only, so no text of ours or theirs is read as markup.
    const shapes = svg`${unsafeSVG(pictureShapes(this.picture))}`
    return this.label === ''
      ? html`<svg viewBox="0 0 64 64" aria-hidden="true">${shapes}</svg>`
      : html`<svg viewBox="0 0 64 64" role="img" aria-label=${this.label}>${shapes}</svg>`
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'product-picture': ProductPicture
  }
}

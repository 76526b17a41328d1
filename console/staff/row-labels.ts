/**
 * On a phone each row of a list is a card: nine columns do not stand beside each other there, and what is pushed out of
 * the frame is not read. The heads of the columns are out of sight then, so each cell carries the words of its own.
 */
export function labelRows(root: ParentNode): void {
  for (const table of root.querySelectorAll<HTMLTableElement>('table.rows:not(.columns)')) {
    const labels = [...(table.tHead?.rows[0]?.cells ?? [])].map(labelOf)
    for (const body of table.tBodies)
      for (const { cells } of body.rows)
        for (const cell of cells) {
          const label = labels[cell.cellIndex] ?? ''
          // What is right already is not written again: rows are drawn every second.
          if (cell.dataset['label'] !== label) cell.dataset['label'] = label
        }
  }
}

/** A head that is only read aloud stands above buttons, which say themselves what they do. */
function labelOf(head: HTMLTableCellElement): string {
  return head.querySelector('.aloud') === null ? (head.textContent ?? '').trim() : ''
}

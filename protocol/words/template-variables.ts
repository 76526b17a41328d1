/** What a reply may name in braces; the page fills them from the ticket, in the language of the consumer. */
export const TEMPLATE_VARIABLES = [
  'agent',
  'number',
  'ticket',
  'order',
  'cabinet',
  'amount',
  'refund',
  'total',
  'paid',
  'minutes',
] as const

import { catalogue } from './words.ts'

/** The texts of the palette: one field from which every page and every action of the present page is reached. */
export const paletteWord = catalogue(
  {
    title: 'Go to or do',
    field: 'A page, an action, a number or a name',
    hint: '↑ ↓ choose · Enter go · Esc close',
    pages: 'Page',
    actions: 'On this page',
    everywhere: 'Everywhere',
    searchTickets: 'Search tickets for “{text}”',
    searchOrders: 'Search orders for “{text}”',
    nothing: 'Nothing fits. Type a number, a cabinet or a word to search for.',
    otherLanguage: '中文',
    signOut: 'Sign out',
    found: '{count} found',
  },
  {
    title: '前往或操作',
    field: '页面、操作、编号或名称',
    hint: '↑ ↓ 选择 · Enter 前往 · Esc 关闭',
    pages: '页面',
    actions: '本页操作',
    everywhere: '通用',
    searchTickets: '在工单中查找“{text}”',
    searchOrders: '在订单中查找“{text}”',
    nothing: '没有匹配项。可输入编号、货柜或词语进行查找。',
    otherLanguage: 'English',
    signOut: '退出登录',
    found: '找到 {count} 项',
  },
)

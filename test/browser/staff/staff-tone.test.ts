import { describe, expect, it } from 'vitest'
import { checkTone } from '#console/data/staff-tone.ts'
import { SHIPPED } from '#core/knowledge/shipped/index.ts'

const words = (text: string) => checkTone(text).map((finding) => finding.words)

describe('a reply before it is sent', () => {
  it.each([
    ['您应该把门关好。', '您应该'],
    ['You should have closed the door.', 'You should have'],
    ['这是规定，没办法。', '这是规定'],
    ['Our back end had a system error.', 'back end'],
    ['请提供银行卡号和验证码。', '银行卡号'],
    ['Please send us your card number.', 'card number'],
    ['It will definitely arrive today.', 'definitely'],
    ['请联系支付平台处理。', '请联系支付平台'],
    ['怎么会这样？？', '？？'],
    ['PLEASE READ THE RULES', 'PLEASE READ THE RULES'],
  ])('“%s” is advised about “%s”', (text, found) => {
    expect(words(text)).toContain(found)
  })
  it('says in both languages what to write instead', () => {
    for (const { advice } of checkTone('您应该！！ You should have known'))
      expect([/\p{Script=Han}/u.test(advice.zh), /[a-z]/.test(advice.en)]).toEqual([true, true])
  })
  it('that greets, says what was seen and what comes next is left alone', () => {
    expect(words('您好，我们核对了重量记录，已为您退款 ¥6.00，一般 5 分钟内到账。')).toEqual([])
    expect(words('Hello, we compared the weights and started a refund of ¥6.00.')).toEqual([])
  })
})

describe('the replies that come with the product', () => {
  const replies = SHIPPED.filter(({ kind }) => kind === 'template')
  it.each(replies.map(({ key, content }) => [key, content.body] as const))(
    '%s follow the norms',
    (_, body) => {
      expect([words(body.zh), words(body.en)]).toEqual([[], []])
    },
  )
})

/** What may come of a case beyond the case: somebody in charge hears of it at once (R8). */
export type PublicRisk = 'press' | 'lawyer' | 'authority' | 'injury'

/**
 * In the order in which they weigh. A word too many costs a lead a look; one too few costs a headline. Chinese has no
 * spaces between words, so its words are looked for anywhere; English ones stand alone.
 */
const SIGNS: ReadonlyArray<readonly [PublicRisk, RegExp]> = [
  [
    'injury',
    /中毒|住院|急诊|送医|过敏|受伤|划伤|呕吐|腹泻|\b(food poisoning|poisoned|hospital|ambulance|allergic reaction|injured|vomit(ed|ing))\b/i,
  ],
  [
    'authority',
    /12315|市场监管|市监局|工商局|消协|消费者协会|食药监|卫健委|报警|警察|派出所|\b(regulators?|the authorities|police|consumer (protection|council|association))\b/i,
  ],
  ['lawyer', /律师|起诉|法院|诉讼|索赔函|\b(lawyers?|attorney|sue|suing|in court|to court|legal action)\b/i],
  [
    'press',
    /记者|媒体|曝光|上新闻|发抖音|发微博|发小红书|热搜|发到网上|\b(press|journalists?|reporters?|newspapers?|go viral|post (this|it) online|social media)\b/i,
  ],
]

/** @returns undefined when nothing in the text speaks of it */
export function publicRiskIn(text: string): PublicRisk | undefined {
  return SIGNS.find(([, words]) => words.test(text))?.[0]
}

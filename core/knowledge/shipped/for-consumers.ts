import type { ShippedArticle } from './article.ts'

/** Articles that consumers read on the help page; agents send them and answer by them. */
export const FOR_CONSUMERS: readonly ShippedArticle[] = [
  {
    key: 'how_to_buy',
    types: ['purchase_help'],
    keywords: '开门 怎么买 支付分 扫码 open door scan pay score first time',
    title: { zh: '怎么购买', en: 'How to buy' },
    zh: `1. 扫描柜身上的二维码，看到商品和价格后点“开门”。
2. 首次使用时，支付平台会请您授权“先享后付”。授权不会扣款。
3. 拿取商品，不想要的放回原来的那一层，然后关好门。
4. 几秒钟后订单页显示取走的商品和金额，扣款自动完成。

- 一次只开一台货柜。上一笔还没结清时，请先等它完成。
- 门打不开时不会收取任何费用。请确认网络正常后再扫一次。
- 柜门没有关好会有提示音；超过三分钟我们会通知工作人员。`,
    en: `1. Scan the code on the cabinet, look at goods and prices, and tap "Open".
2. The first time, the payment provider asks for your consent to pay afterwards. Nothing is charged by that.
3. Take what you like, put back what you do not want on its own shelf, and close the door.
4. A few seconds later the order page shows what you took and the amount; the payment happens by itself.

- One cabinet at a time. While the last visit is not settled, please wait for it.
- A door that does not open costs nothing. Check your connection and scan again.
- A door that is not closed beeps; after three minutes we call somebody.`,
  },
  {
    key: 'door_problem',
    types: ['door_trouble', 'cabinet_trouble'],
    keywords: '打不开 关不上 夹手 门 door stuck does not open close',
    title: { zh: '门打不开或关不上', en: 'The door does not open or does not close' },
    zh: `打不开：
- 听到“咔”的一声后，15 秒内拉门；过时会重新上锁，再扫一次即可，不收费。
- 页面显示“暂停服务”时，货柜可能正在补货、除霜或等待检修，请换一台。

关不上：
- 看看门缝里有没有商品或袋子，轻推到听见锁声。
- 仍关不上请扫柜身二维码，点“帮助”告诉我们。您离开后别人取走的商品，不会算在您的订单里；请不要用力摔门。`,
    en: `It does not open:
- Pull within 15 seconds after the click. After that it locks again; scan once more, nothing is charged.
- "Out of service" means that somebody is filling it, it defrosts or waits for a technician; please take another one.

It does not close:
- Look for goods or a bag in the gap and push gently until you hear the lock.
- If it still does not close, scan the code on the cabinet and tap "Help". What others take after you left is not put on your order. Please do not slam it.`,
  },
  {
    key: 'page_does_not_load',
    types: ['cabinet_trouble'],
    keywords:
      '页面 加载 白屏 支付 打不开 没有网络 扫码 page load blank payment offline connection network scan',
    title: { zh: '页面或支付打不开', en: 'The page or the payment does not load' },
    zh: `1. 看看手机有没有网络；在地下或电梯旁，走几步再扫一次。
2. 用支付平台自己的“扫一扫”，不要用其他浏览器里的旧页面。
3. 授权页面转圈时，返回后再扫一次；没有授权就不会开门，也不会扣款。

- 页面显示“暂时连不上”说明货柜没有网络，门会保持锁定。请过几分钟再试，或换一台。
- 门已经打开时断网也没关系：货柜自己记下取走的商品，恢复后结算，只扣一次。
- 页面里找不到办法时，请拨打页面底部的电话，报上柜身上的编号。`,
    en: `1. Look whether your phone has a connection; below ground or beside a lift, walk a few steps and scan again.
2. Scan with your payment app itself, not from an old page in another browser.
3. When the consent keeps loading, go back and scan again; without consent no door opens and nothing is charged.

- "Not reachable" means that the cabinet has no connection and its door stays locked. Please try again in a few minutes, or take another one.
- A connection that is lost while the door is open does no harm: the cabinet notes what you take and settles it later, once.
- When nothing here helps, call the number at the foot of the page and say the number on the cabinet.`,
  },
  {
    key: 'find_my_order',
    types: ['order_query'],
    keywords: '订单 账单 明细 凭证 查询 receipt bill statement find',
    title: { zh: '查询订单和扣款明细', en: 'Finding an order and what was charged' },
    zh: `扫描柜身二维码，或打开支付平台里的扣款通知，都可以进入“我的订单”。

订单页会告诉您：
- 取走了什么、各多少钱、优惠怎么分摊；
- 开门、关门、扣款各在什么时间；
- 每一层的重量变化和当时的照片。

支付平台账单里的商户名称与柜身上的运营商可能不同，请以金额和时间核对。找不到订单时，请告诉我们购买的日期、大约时间和货柜编号。`,
    en: `Scan the code on the cabinet, or open the notice of the payment in your wallet: both lead to "My orders".

The order page tells you
- what you took, what each thing cost and how discounts were shared;
- when the door was opened and closed and when you were charged;
- how the weight of each shelf changed, with the pictures of that moment.

The name in your wallet's statement may differ from the name on the cabinet; compare amount and time. If you cannot find an order, tell us the day, the rough time and the number of the cabinet.`,
  },
  {
    key: 'charged_without_order',
    types: ['order_query'],
    keywords: '扣款 没有订单 找不到订单 陌生扣款 别的手机 charged without order unknown other phone',
    title: { zh: '扣了款，却找不到订单', en: 'Charged, and no order to be found' },
    zh: `- 订单属于开门的那个支付账号。换过手机或账号时，请用当时的账号打开“我的订单”。
- 货柜断网时，订单会晚一点出现；扣款总是在订单之后。
- 支付平台账单里的商户名称可能与柜身上的不同，请以金额和时间核对。

仍然对不上时，扫柜身二维码，在“帮助”里选“扣了款，没有订单”，写下金额和时间。我们向支付平台核对；不是您的消费，全额退还。`,
    en: `- An order belongs to the payment account that opened the door. If you changed your phone or account, open "My orders" with the one of that time.
- While a cabinet is offline the order appears a little later; the charge always comes after the order.
- The name in your wallet's statement may differ from the name on the cabinet; compare amount and time.

If it still does not fit, scan the code on the cabinet, choose "Charged, but no order" under "Help", and write amount and time. We compare it with the provider; what was not your purchase goes back in full.`,
  },
  {
    key: 'refunds',
    types: ['refund_request'],
    keywords: '退款 到账 多久 银行卡 零钱 退货 refund arrival days card wallet return',
    title: { zh: '退款：条件、方式和到账时间', en: 'Refunds: when, how, and how long they take' },
    zh: `在订单页点“有问题？”，选择原因和商品即可，不需要打字。记录清楚的，系统当场退款；看不清楚的，由工作人员核对，15 分钟内先回复您，24 小时内处理完。

可以退款的情况：多扣了、没拿、已经放回、重复扣款、商品变质或过期、包装破损。

- 零钱和零钱通：一般 5 分钟内到账。
- 储蓄卡：1–3 个工作日。信用卡：2–5 个工作日，会显示在下期账单。
- 使用了优惠券的订单，按每件实际支付的金额退。
- 已拆封且没有质量问题的食品不能退货，这是食品安全的要求；我们会说明原因并给出其他办法。

退款到哪一步了，订单页会一直显示，无需再问。`,
    en: `Tap "Something wrong?" on the order page and choose a reason and the goods; nothing has to be typed. Where the record is clear the money goes back at once. Where it is not, a person looks: a first answer within 15 minutes, done within 24 hours.

Reasons for a refund: too much was charged, you did not take it, you put it back, you were charged twice, it was spoilt, out of date or damaged.

- Wallet balance: usually within 5 minutes.
- Debit card: 1 to 3 working days. Credit card: 2 to 5, on the next statement.
- With a coupon, what you really paid for each thing goes back.
- Opened food without a fault cannot be returned, for the safety of others; we tell you why and offer another way.

The order page always shows how far the refund is; you need not ask.`,
  },
  {
    key: 'charged_twice',
    types: ['charged_twice', 'double_charge'],
    keywords: '重复 两次 两笔 预授权 冻结 duplicate double twice reservation',
    title: { zh: '好像扣了两次款', en: 'It looks as if I was charged twice' },
    zh: `先看订单页的“付款”一栏：这里列出支付平台为这次购物收取的每一笔。

- 只有一笔：另一条很可能是预授权（先冻结、后取消），会自行消失，通常当天，最迟一个工作日。
- 确有两笔：第二笔会自动退还，不需要您操作。系统每天还会与支付平台逐笔对账，漏不掉。
- 两次开门是两笔订单，请核对各自的时间。

请不要向银行重复申诉，以免退款被延误。一天后仍有疑问，在订单页点“有问题？”，选“重复扣款”，我们会向支付平台核实并回复。`,
    en: `Look at "Payments" on the order page first: it lists every payment that the provider took for this visit.

- There is one: the other entry is most likely a reservation that is called off. It disappears by itself, usually the same day, at the latest after a working day.
- There are two: the second goes back by itself; you need not do anything. Every day we also compare each payment with the provider, so none is overlooked.
- Two visits are two orders; compare their times.

Please do not dispute it with your bank as well; that would delay the refund. If something is left after a day, tap "Something wrong?" and "charged twice": we ask the provider and answer.`,
  },
  {
    key: 'charged_late',
    types: ['charged_late', 'delayed_charge'],
    keywords: '延时 晚 断网 第二天 几小时后 late delayed offline hours later',
    title: { zh: '为什么过了一会儿才扣款', en: 'Why the charge came later' },
    zh: `通常关门后几秒就会扣款。晚了，多半是下面的原因之一，订单页会写明是哪一种和具体时间：

- 货柜当时断网。记录保存在柜内，恢复后才结算。
- 支付平台处理较慢，或在维护。
- 重量或照片有疑问，先由工作人员核对，再扣款。
- 账户余额不足，支付平台稍后再次扣款。

无论多晚，一次购物只扣一次。晚于 15 分钟的扣款，我们会先通知您再扣，并重新核对一遍取走的商品。金额不对时，在订单页点“有问题？”。`,
    en: `Usually the charge follows a few seconds after the door was closed. When it is late, it is mostly one of these; the order page says which, with the times:

- The cabinet was offline. The record stayed inside and was settled when the line was back.
- The payment provider was slow or under maintenance.
- Weights or pictures left a doubt, and a person looked before anything was charged.
- The account could not be charged, and the provider tries again later.

However late it is, a visit is charged once. When it is more than 15 minutes late we tell you before we charge, and check once more what was taken. If the amount is wrong, tap "Something wrong?" on the order page.`,
  },
  {
    key: 'put_back',
    types: ['item_returned'],
    keywords: '放回 退回 拿出来又放回 put back returned changed mind',
    title: { zh: '拿出来又放回去了', en: 'I took something out and put it back' },
    zh: `关门前放回原来的那一层，就不会收费：层架会感到重量回来了。

- 放到别的层，系统仍会认出来，但有时需要人工核对，扣款会稍晚一点。
- 已经离开货柜才想退回：30 分钟内可以再次扫码开门放回，系统会认出并退款。
- 喝了一部分再放回，重量不同，会按取走计算。

如果放回了仍被收费，在订单页点“有问题？”，选“已放回”，重量记录清楚时当场退款。`,
    en: `What is back on its own shelf before the door is closed costs nothing: the shelf feels the weight come back.

- On another shelf it is recognised too, but sometimes a person has to look, and the charge comes a little later.
- You have left already: within 30 minutes you can scan again, open and put it back; it is recognised and refunded.
- Something that was partly drunk weighs less and counts as taken.

If you were charged all the same, tap "Something wrong?" and "put back"; where the weights are clear the money goes back at once.`,
  },
  {
    key: 'not_mine',
    types: ['not_taken', 'wrong_item'],
    keywords: '没拿 多扣 认错 商品不对 wrong item never took too many',
    title: { zh: '账单里有我没拿的商品', en: 'The bill shows something that I did not take' },
    zh: `在订单页点“有问题？”，选“没拿这件”或“商品不对”，再点那一件，就可以了。

系统会用当时的重量曲线重新计算一遍：
- 结果清楚、确实多收了，马上退款；
- 不清楚，由工作人员看照片和重量后答复您。

为了认得准，请不要把自己的东西放在层架上，也不要用手压着层架；几个人一起拿时，请一件一件来。`,
    en: `Tap "Something wrong?" on the order page, choose "not taken" or "wrong item", and tap the thing: that is all.

The weights of that visit are calculated once more.
- Clear, and too much was charged: the money goes back at once.
- Not clear: a person looks at the pictures and weights and answers you.

To be recognised well, keep your own things off the shelves, do not lean on them, and take things one by one when several people shop together.`,
  },
  {
    key: 'quality',
    types: ['quality'],
    keywords: '变质 过期 破损 异味 不适 食品安全 expired spoilt damaged sick',
    title: { zh: '商品变质、过期或破损', en: 'Spoilt, out of date or damaged' },
    zh: `请先不要食用。在订单页点“有问题？”，选“质量问题”，拍下商品和包装上的日期即可。

- 我们会立即退款或补偿，并检查同一批次；有问题的批次会从所有货柜停售。
- 有身体不适，请先就医，并保留商品和包装；在留言中说明，我们会优先联系您。
- 商品请保留 24 小时，工作人员可能需要取样。`,
    en: `Please do not eat or drink it. Tap "Something wrong?" on the order page, choose "quality", and take a picture of the product and the date on its package.

- We refund or make good at once and check the whole batch; a bad batch is taken out of sale in every cabinet.
- If somebody feels unwell, see a doctor first and keep product and package; say so in the note, and we get in touch with you before anybody else.
- Please keep the product for 24 hours; somebody may need a sample.`,
  },
  {
    key: 'unpaid_order',
    types: ['unpaid'],
    keywords: '欠款 未支付 余额不足 不能开门 unpaid arrears insufficient cannot open',
    title: { zh: '订单未付款，暂时不能开门', en: 'An order is unpaid and no door opens' },
    zh: `支付平台没能完成扣款时，订单会显示“未付款”，在付清前所有货柜都不能开门。

- 打开订单页，点“付款”，在支付平台确认即可，几秒后恢复。
- 状态显示“正在确认”时请不要重复付款，系统会自动查询结果。
- 支付平台也可能自己再次扣款；只会收一次。
- 对金额有疑问，请先点“有问题？”，核对期间不会催收。`,
    en: `When the payment provider could not collect, the order says "unpaid", and no cabinet opens until it is settled.

- Open the order page, tap "Pay" and confirm with the provider; it works again after a few seconds.
- While it says "being confirmed", please do not pay again; the result is asked for by itself.
- The provider may also try once more by itself; it is collected only once.
- If the amount is wrong, tap "Something wrong?" first; nobody asks for the money while it is being looked at.`,
  },
  {
    key: 'promotions',
    types: ['purchase_help'],
    keywords: '优惠 券 满减 第二件 积分 价格 coupon discount points price promotion',
    title: { zh: '价格和优惠怎么计算', en: 'How prices and promotions are worked out' },
    zh: `价格以开门前页面显示的为准。关门后，系统在您可用的优惠里自动选最省的组合，订单页逐条说明：

- 限时价：开门时有效就按限时价，之后结束也不受影响。
- 满减、第二件优惠：按实际取走的商品计算，放回的不算。
- 券：每单用一张，自动选最合适的；没用上的保留到有效期结束。
- 积分：可以抵扣，不找零。

部分退款时，优惠按金额分摊到每件商品，退的是那一件实际支付的钱。`,
    en: `The price that the page shows before the door opens holds. After the door was closed, the best combination of what you are entitled to is chosen by itself, and the order page explains each part:

- Timed prices: valid when the door opened is valid, even if they end during your visit.
- "Spend and save", "second one cheaper": by what you really took; what was put back does not count.
- Coupons: one an order, the most useful one; an unused one stays until it runs out.
- Points: are taken off, without change.

With a partial refund the discounts are shared over the goods: what you really paid for that one thing goes back.`,
  },
  {
    key: 'camera_and_privacy',
    types: [],
    keywords: '摄像头 隐私 照片 个人信息 删除 privacy camera personal data erase',
    title: { zh: '摄像头和个人信息', en: 'Camera and personal data' },
    zh: `柜内摄像头只拍商品区，用来核对取走的商品，不做人脸识别。

- 平时的照片保存 14 天；有争议的订单，相关证据保留到处理结束后 180 天。
- 订单和付款记录按法律要求保存三年。
- 手机号加密保存，客服看到的是打码后的号码；每次查看证据都有记录。
- 在“隐私”页可以下载自己的数据，也可以申请删除；依法必须保留的会说明原因。`,
    en: `The camera inside shows the goods only, to check what was taken. No faces are recognised.

- Routine pictures are kept for 14 days; those of a disputed order until 180 days after it was settled.
- Orders and payments are kept for three years, as the law wants.
- Telephone numbers are stored encrypted; agents see a masked one, and every view of evidence is recorded.
- The privacy page lets you download your data or have it erased; what the law makes us keep is named, with the reason.`,
  },
  {
    key: 'goods_fell',
    types: ['cabinet_trouble'],
    keywords: '掉落 卡住 倒了 拿不出来 破了 fell stuck fallen cannot reach broken',
    title: { zh: '商品掉落或卡住', en: 'Goods fell or are stuck' },
    zh: `掉下来的商品请放回原来的那一层，再关门；放回的不收费。

- 掉到别的层也请放回原位：放错层时，系统会先请人工核对，不会直接扣款。
- 卡住的请不要用力拉。在“帮助”里选“商品掉落或卡住”，我们请工作人员处理。
- 包装破了或弄洒了，请不要食用，也不用自己清理玻璃。告诉我们，不会向您收费。`,
    en: `Please put what fell back on its own shelf before you close the door; what is put back costs nothing.

- Also when it fell onto another shelf: what lies in the wrong place is looked at by a person first and not simply charged.
- Please do not pull at what is stuck. Choose "Goods fell or are stuck" under "Help", and we send somebody.
- When it is broken or spilt, please do not eat it and do not clear glass away yourself. Tell us; you are not charged for it.`,
  },
  {
    key: 'danger_at_cabinet',
    types: ['cabinet_trouble', 'emergency'],
    keywords: '危险 冒烟 起火 漏电 玻璃 受伤 danger smoke fire glass shock hurt injured',
    title: {
      zh: '冒烟、漏电、碎玻璃或有人受伤',
      en: 'Smoke, electricity, broken glass, or somebody is hurt',
    },
    zh: `请先离开货柜，不要再碰它。

1. 有人受伤或起火，先拨打 120 或 119。
2. 在“帮助”里选“有危险”。这样的反馈排在所有问题之前，我们会立即停售并派人到场。
3. 能做到的话提醒旁边的人，但请不要自己拔插头或捡玻璃。`,
    en: `Please step away from the cabinet first and do not touch it.

1. When somebody is hurt or something burns, call 120 or 119 first.
2. Choose "Something is dangerous" under "Help". It comes before every other question; we stop the sales and send somebody at once.
3. Warn people nearby if you can, but please do not pull the plug or pick up glass yourself.`,
  },
]

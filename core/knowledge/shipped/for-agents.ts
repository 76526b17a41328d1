import type { ShippedArticle } from './article.ts'

/** How agents settle what rules leave to them. Not shown to consumers. */
export const FOR_AGENTS: readonly ShippedArticle[] = [
  {
    key: 'agent_camera_blocked',
    types: ['camera_blocked'],
    keywords: '遮挡 黑屏 covered dark',
    title: { zh: '摄像头被遮挡的订单', en: 'Orders with a covered camera' },
    zh: `1. 看时间轴：遮挡从什么时候到什么时候，和哪几步取放重叠。
2. 遮挡期间只凭重量。重量清楚（标注“明确”）的，可以按识别结果扣款；单价相近、重量相近的商品不要凭重量下结论。
3. 不清楚时按较少的那种解释收费，或不收费；不要让消费者承担设备的问题。
4. 同一货柜一周内第二次遮挡：建运维任务，检查摄像头位置和柜内灯光。
5. 同一位消费者反复故意遮挡：不要在回复里指责，转主管在“限制”中处理。`,
    en: `1. Look at the axis: from when to when was it covered, and which moves fall into that time.
2. In that time only weights count. Where they are clear, charge what was recognised; never decide by weight between goods of the same weight.
3. Where they are not, charge the smaller explanation, or nothing; a consumer does not pay for our hardware.
4. The second time in a week on one cabinet: open a task for a technician, to look at the camera's place and the light.
5. The same consumer covers it again and again on purpose: no reproach in the answer; hand it to a lead, who has restrictions for that.`,
  },
  {
    key: 'agent_double_charge',
    types: ['double_charge', 'charged_twice'],
    keywords: '两笔 对账 duplicate reconcile',
    title: { zh: '核实重复扣款', en: 'Verifying a double charge' },
    zh: `1. 看“付款”：同一次购物下有两笔成功，才是重复扣款。两次购物各一笔不是。
2. 状态为“确认中”的不要先退。系统正在向支付平台查询；提前退款会造成多退。
3. 确认重复：退“后一笔”。系统通常已自动退还，先看退款列表，避免再退一次。
4. 消费者发来银行短信截图而我们只有一笔：多半是预授权。用“只扣了一次”模板，请对方次日再看。
5. 根因选“支付平台”。同一天多起，通知主管开事件，批量退款。`,
    en: `1. Look at "Payments": two that succeeded under one visit are a double charge. One each under two visits are not.
2. Never refund one that is "being confirmed". The provider is being asked; a refund now would give back too much.
3. Confirmed: the later one goes back. Usually that has happened already; look at the refunds before you ask for another.
4. The consumer sends a bank message but we know of one: most likely a reservation. Use the reply "charged once" and ask them to look again tomorrow.
5. The cause is "provider". Several on one day: tell a lead, who opens an incident and refunds all of them together.`,
  },
  {
    key: 'agent_delayed_charge',
    types: ['delayed_charge', 'charged_late'],
    keywords: '晚扣款 解释 explain late offline',
    title: { zh: '解释延时扣款', en: 'Explaining a late charge' },
    zh: `1. 订单页已写明原因和时间，先看“为什么晚了”。
2. 按时间顺序讲：几点关门、发生了什么、几点恢复、几点扣款、共几件、多少钱、只扣一次。不要用“系统异常”这类说法。
3. 晚扣款前系统会重新核对商品。核对结果不一致的不会扣款，会到您这里：按重量和照片决定。
4. 消费者对金额没有异议时不退款；有异议，按对应的类型处理。
5. 同一货柜一周内反复断网：建运维任务。`,
    en: `1. The order page names cause and times; read "why it was late" first.
2. Tell it in the order of time: when the door was closed, what happened, when it was back, when it was charged, how many things, how much, charged once. Never write "system error".
3. Before a late charge the goods are checked again. If the result differs, nothing is charged and it comes to you: decide by weights and pictures.
4. No refund while the amount is not in question; if it is, treat it as what it is.
5. The same cabinet offline again and again within a week: open a task for a technician.`,
  },
  {
    key: 'agent_ambiguous',
    types: ['ambiguous', 'not_taken', 'wrong_item', 'item_returned'],
    keywords: '重量 曲线 同重 weights curve twins',
    title: { zh: '重量不明确时怎么看', en: 'Reading weights that are not clear' },
    zh: `1. 每一步的说明写着“± 多少克”。差值在这个范围内，才算符合。
2. 先排除不是商品的变化：手压（重量增加后又回去）、自己的物品、层架被碰。
3. 同层两种重量接近的商品，单凭重量分不出；看照片，看拿取的位置。
4. 两种解释差价不大（默认 1 元以内），按便宜的收。
5. 仍分不出：请运营到柜前清点。库存会说话：哪种少了一件。
6. 拿不准就不收。误收一次的代价，比少收一件大得多。`,
    en: `1. Every step says "± grams". Only a difference within that fits.
2. First leave out what is not goods: a hand that leans (up, then back), things of one's own, a shelf that was bumped.
3. Two goods of nearly the same weight on one shelf cannot be told apart by weight; look at the pictures and at the place.
4. If two explanations cost nearly the same (¥1 by default), charge the cheaper.
5. Still unclear: ask the operator to count. Stock tells which one is missing.
6. If you are not sure, do not charge. One wrong charge costs more than one thing given away.`,
  },
  {
    key: 'agent_foreign_object',
    types: ['foreign_object'],
    keywords: '异物 自己的东西 手机 own things left behind',
    title: { zh: '柜内多了不是商品的东西', en: 'Something in the cabinet that is not goods' },
    zh: `1. 看照片：是消费者落下的物品，还是补货留下的包装。
2. 落下的物品：告诉消费者，约时间由工作人员开门；证件和手机优先。
3. 安全隐患（液体、尖锐物、可疑包装）：立即暂停服务，建运维任务，通知主管。
4. 它压着的那一层，重量从此多了固定的一截；取走后系统会自己恢复，期间该层订单要人工看。`,
    en: `1. Look at the pictures: something that a consumer left, or packaging that stayed after filling.
2. Left behind: tell the consumer and agree on a time at which somebody opens; papers and telephones first.
3. Dangerous (liquid, something sharp, a suspicious parcel): out of service at once, a task for a technician, tell a lead.
4. The shelf beneath it weighs more from then on; after it was taken away that mends itself, until then orders of that shelf need your eyes.`,
  },
  {
    key: 'agent_sensor_fault',
    types: ['sensor_fault'],
    keywords: '秤 漂移 卡住 scale drift stuck',
    title: { zh: '秤有故障时的订单', en: 'Orders while a scale was faulty' },
    zh: `1. 秤“卡住”或“不动”：那一层没有重量可信，只凭照片；照片也不清楚就不收。
2. “漂移”“增益不准”：小幅偏差，系统已扩大误差范围，明确的仍可信。
3. 建运维任务：去皮、标定；标定前那一层的订单逐单看。
4. 根因选“硬件”。`,
    en: `1. "Stuck" or "silent": no weight of that shelf can be trusted; decide by pictures, and without clear ones charge nothing.
2. "Drift", "gain": small errors; the tolerance has been widened already, and what is clear stays clear.
3. Open a task for a technician: tare, calibrate; until then look at each order of that shelf.
4. The cause is "hardware".`,
  },
  {
    key: 'agent_unpaid',
    types: ['unpaid'],
    keywords: '欠款 催收 核销 collect write off',
    title: { zh: '未付款订单', en: 'Unpaid orders' },
    zh: `1. 先核对商品：对金额有疑问的，先解决疑问，不催收。
2. 对方账户可能被限制、换了银行卡，不一定是故意。语气平和，给付款链接。
3. 消费者说“已经付了”：看“付款”，“确认中”就等结果，不要让对方再付。
4. 对方在别处付了（转账、现金）：由主管登记“已在别处付款”，附凭证号。
5. 核销要有理由，超出权限由第二个人批准。`,
    en: `1. Check the goods first: while the amount is in question, settle that and ask for no money.
2. The account may be limited or the card changed; it need not be on purpose. Be friendly, give the link to pay.
3. "I have paid": look at "Payments"; while it is being confirmed wait, and do not let them pay again.
4. Paid elsewhere (transfer, cash): a lead records that, with the number of the receipt.
5. Letting go needs a reason, and above one's authority a second person.`,
  },
  {
    key: 'agent_restriction_appeal',
    types: ['restriction_appeal'],
    keywords: '申诉 限制 解除 appeal restriction lift',
    title: { zh: '对限制的申诉', en: 'An objection to a restriction' },
    zh: `1. 打开“限制”，逐条看它依据的几次购物：照片、重量、付款。
2. 同一货柜上别人也遇到同样的问题（如摄像头看不见），就是设备的问题：解除限制并致歉。
3. 只要有一次依据不足，就按对消费者有利的解释处理。
4. 维持限制时，说明依据是哪几次购物、到什么时候结束；不指责，不猜测动机。
5. 由主管决定；做出限制的人不决定自己的案子。`,
    en: `1. Open "Restrictions" and look at each visit that it rests on: pictures, weights, payments.
2. Where others had the same trouble at that cabinet, such as a camera that could not see, it is our hardware: lift it and say sorry.
3. Where even one visit is not enough, take the explanation that is better for the consumer.
4. When it stays, say which visits it rests on and when it ends; no reproach, no guess at motives.
5. A lead decides; whoever made the restriction does not decide about it.`,
  },
  {
    key: 'agent_door',
    types: ['door_trouble'],
    keywords: '门 没关 撬 forced left open jammed',
    title: { zh: '门的问题', en: 'Trouble with a door' },
    zh: `- 没关好：先联系最后一位消费者帮忙推一下；联系不上，派人。门开着时不会有人被扣款。
- 被撬：立即联系运营和安保，保留照片，暂停服务。缺少的商品不算给任何消费者。
- 锁舌卡住：门关了但没锁上。暂停服务，派运维。
- 开门指令显示“结果未知”：先看门的状态，再决定是否重发。不要连续重发。`,
    en: `- Left open: ask the last consumer to push it; if nobody answers, send somebody. Nobody is charged while it stands open.
- Forced: call the operator and security at once, keep the pictures, out of service. What is missing is put on no consumer.
- Bolt jammed: closed, but not locked. Out of service, send a technician.
- An unlock says "outcome not known": look at the state of the door before you send another. Never send one after the other.`,
  },
  {
    key: 'agent_complaint',
    types: ['complaint'],
    keywords: '投诉 升级 complaint escalate',
    title: { zh: '投诉处理', en: 'Handling a complaint' },
    zh: `1. 先复述对方的问题，确认理解无误；再说接下来做什么、什么时候回复。
2. 24 小时内给出处理意见，3 个工作日内给出详细答复。做不到时，在到期之前告知原因和新的时间。
3. 涉及人身、食品安全、个人信息、媒体：立即升级给主管，不要自行承诺赔偿。
4. 首问负责：接手的人负责到底，升级后仍由你告知结果。
5. 关闭前写明根因和改进措施。`,
    en: `1. Say in your own words what is wrong, so that they know you understood; then say what happens next and when you answer.
2. A decision within 24 hours, a detailed answer within 3 working days. If that slips, say so before it does, with the reason and the new time.
3. Health, food safety, personal data, the press: to a lead at once; promise no compensation by yourself.
4. Whoever took it stays responsible, also after it was escalated: you tell them how it ended.
5. Before you close it, write down the cause and what will be done about it.`,
  },
  {
    key: 'agent_provider_complaint',
    types: ['provider_complaint', 'provider_mismatch'],
    keywords: '支付平台 投诉 时限 24 72 provider deadline',
    title: { zh: '支付平台转来的投诉', en: 'Complaints that come through the payment provider' },
    zh: `支付平台的时限是硬性的：24 小时内首次回复，72 小时内处理完。逾期平台可能直接从商户账户退款。

1. 按订单核对，和普通工单一样先看证据。
2. 回复会原样显示给消费者，并同步到平台；不要写内部信息。
3. 处理完再点“完成”，完成后消费者仍可追问。
4. 金额有出入的对账差异：对照商户平台的明细，确认后再结。`,
    en: `The provider's limits are hard: a first answer within 24 hours, settled within 72. After that it may give the money back from our account.

1. Look at the evidence of the order first, as always.
2. The answer is shown to the consumer as it is and goes to the provider; write nothing internal.
3. Mark it "complete" only when it is settled; the consumer can still ask.
4. Differences in a bill: compare with the merchant platform, and settle them only when you know what it was.`,
  },
  {
    key: 'agent_identity',
    types: ['order_query', 'refund_request', 'other'],
    keywords: '核实身份 手机尾号 hotline caller identity verify',
    title: { zh: '核实来电人的身份', en: 'Knowing who is calling' },
    zh: `从订单页或柜身二维码进来的，身份已确认，直接处理。

电话、邮件或社交渠道：工单页的“是本人吗？”未通过前，订单、支付和照片不显示，也不能人工操作款项。
1. 按 v 询问两个问题：先问，让对方回答，再与正确答案核对；绝不读出答案。
2. 或发送验证码：它只发到购买者的支付应用，请对方读给您。付款密码、卡号和支付平台的验证码与退款无关，绝不索要。
3. 没通过：不透露订单内容，请对方从订单页联系，一样快；次数用完时请组长处理，组长可写明原因后担保。
4. 核实半小时内有效，工单关闭即失效；合并、拆分不会带走。`,
    en: `Whoever comes from an order page or the code on a cabinet is known; go on at once.

By telephone, e-mail or elsewhere: until "Is it really them?" on the ticket is answered, purchase, payment and pictures are not there and no money moves by hand.
1. Press v for two questions: ask, let them answer, then compare; never read the answer out.
2. Or send a code: it goes to the buyer's payment app only, and they read it to you. A refund needs no card number and no password or code of the payment provider; never ask for one.
3. If it does not fit, say nothing about the order and ask them to write from the order page; it is just as quick. When all tries are used, a lead may answer for it with a reason.
4. It holds for half an hour and ends when the ticket is closed; merging and splitting do not carry it over.`,
  },
  {
    key: 'agent_tone',
    types: ['complaint', 'other'],
    keywords: '语气 用语 禁用语 tone wording greeting',
    title: { zh: '怎么说话', en: 'How we write' },
    zh: `一封回复有四部分：问候，听懂了什么，看到了什么事实，下一步是什么、什么时候。

- 说“我们核对了重量记录”，不说“系统显示”。
- 不说“您应该”“您没有”“不可能”“这是规定”。
- 不推给支付平台、运营商或消费者。
- 有错就道歉，一次就够；没有错，感谢对方告知。
- 数字要准：时间到分，金额到分。`,
    en: `An answer has four parts: a greeting, what you understood, which facts you saw, and what happens next and when.

- "We compared the weights", not "the system shows".
- Never "you should have", "you failed to", "impossible", "those are the rules".
- Blame neither the provider nor the operator nor the consumer.
- Where we were wrong, one apology is enough; where not, thank them for telling us.
- Figures are exact: times to the minute, money to the fen.`,
  },
  {
    key: 'agent_stock',
    types: ['stock_mismatch'],
    keywords: '库存 盘点 差异 count stock difference',
    title: { zh: '库存对不上', en: 'Stock that does not add up' },
    zh: `1. 看两次清点之间：哪些订单、哪些人工开门、有没有重量不明确的。
2. 少了：可能少收了一件，或补货时点错。不要事后给已结清的订单加收。
3. 多了：可能误收了一件。找出那几天该商品的订单，用重量重新计算，多收的退回去。
4. 反复出现：检查陈列图是否把重量接近的商品放在同一层。`,
    en: `1. Look at the time between two counts: which orders, which service openings, anything unclear.
2. Missing: one may not have been charged, or the filling was miscounted. Never add to an order that is settled.
3. Too many: somebody may have been charged by mistake. Find the orders of that product, calculate the weights again, and give back what was too much.
4. Again and again: see whether the planogram has goods of nearly the same weight on one shelf.`,
  },
]

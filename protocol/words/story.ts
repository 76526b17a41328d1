import { fill, type Language, type Values } from './words.ts'

/** Sentences of orders, refunds, anomalies and notices. Calm, in time order, no blame, no jargon. Money and times arrive formatted. */
const en = {
  // the story of an order
  'story.opened': 'You opened the door.',
  'story.closed': 'You closed the door.',
  'story.weighed': 'The cabinet weighed its shelves: {count} items were taken.',
  'story.cheapest':
    'The weights fit more than one choice of goods of nearly the same price. You were charged for the cheapest; tell us if a name is wrong.',
  'story.nothing_taken': 'Nothing was taken, so nothing is charged.',
  'story.charged': 'You were charged ¥{amount}, once.',
  'story.charge_pending':
    'The payment provider is still collecting ¥{amount}. You do not need to do anything.',
  'story.camera_blocked':
    'The camera could not see for {seconds} seconds. The weight alone decided what is charged.',
  'story.offline': 'The cabinet lost its connection and went on noting everything by itself.',
  'story.online': 'The connection came back and the cabinet reported your visit.',
  'story.held': 'A person looks at the record before anything is charged.',
  'story.unpaid': 'Your payment app could not collect ¥{amount}. Until it is paid no cabinet opens for you.',
  'story.reminded': 'We reminded you that this is not paid yet.',
  'story.written_off': 'We do not ask for ¥{amount} any more.',
  'story.lowered': 'Weighed again, ¥{amount} less is owed. It was not taken, and is not collected any more.',
  'story.compensated.coupon': 'We gave you a coupon of ¥{amount}. It is used by itself on your next visit.',
  'story.compensated.points':
    'We gave you points worth ¥{amount}. They are used by themselves on your next visit.',
  'story.released': 'A person has looked at the record and decided.',
  'story.charged_twice': 'The payment provider took ¥{amount} a second time. It goes back to you.',
  'story.refund_started': 'A refund of ¥{amount} was asked for.',
  'story.refund_arrived': 'The refund of ¥{amount} was handed over by the payment provider.',
  'story.not_opened': 'The door was not opened, so nothing is charged.',
  // what a person had us forget
  'message.erased': 'Erased, because this person asked for it.',
  // when refunds arrive
  'arrival.balance': 'Usually within 5 minutes for a wallet balance, 1 to 3 working days for a bank card.',
  'arrival.not_taken': 'Nothing was taken yet; so much less is collected, within a minute.',
  // why a person looks first
  'held.ambiguous': 'The weights fit more than one choice of goods.',
  'held.camera_blocked': 'The camera could not see, and the weights alone are not clear enough.',
  'held.foreign_object': 'Something was put into the cabinet that is not one of its goods.',
  'held.sensor_fault': 'One of the scales did not work properly.',
  'held.opened_package_returned': 'Something came back lighter than it left.',
  'held.unexplained_loss': 'The weights do not fit the goods on the shelf.',
  'held.over_cap': 'The amount is above the limit of one visit.',
  'held.unknown_product': 'One of the goods has no price in this cabinet.',
  'held.record_lost': 'The cabinet lost its record of this visit.',
  'held.provider_refused': 'The payment provider did not take our request.',
  // what a rule found, for staff and consumers
  'anomaly.camera_blocked.charged':
    'The camera was covered for {seconds} s; the receipt is {percent} % certain by weight (limit {limit} %), so it was charged.',
  'anomaly.camera_blocked.held':
    'The camera was covered for {seconds} s and the receipt is only {percent} % certain by weight (limit {limit} %).',
  'anomaly.ambiguous': 'The likeliest receipt is {percent} % certain, the limit is {limit} %.',
  'anomaly.ambiguous.cheapest':
    'Several mixes of nearly the same price fit; the cheapest was charged ({percent} % certain together, limit {limit} %).',
  'anomaly.over_cap': 'The receipt comes to ¥{amount}, above the limit of one visit.',
  'anomaly.foreign_object':
    'Weight came in that fits none of the goods taken. It is never charged; look at the shelf.',
  'anomaly.sensor_fault': 'A scale was faulty during the session; nothing is charged on such data.',
  'anomaly.unexplained_loss': 'The weights do not balance with the goods.',
  'anomaly.unknown_product': 'A recognised product has no price in the planogram of the session.',
  'anomaly.record_lost': 'The cabinet lost its record of this session ({reason}).',
  'anomaly.unexpected': 'Goods left in a session that had been ended before.',
  'anomaly.double_charge':
    'The provider took ¥{amount} twice for one session. The later payment goes back by itself.',
  'anomaly.delayed_charge.offline':
    'The cabinet was offline; the charge came {minutes} min after the door closed.',
  'anomaly.delayed_charge.provider_pending': 'The provider needed {minutes} min to collect the money.',
  'anomaly.delayed_charge.system': 'Our system charged {minutes} min after the door closed.',
  'anomaly.delayed_charge.unclear':
    'The charge came late, and weighing again does not clearly confirm it ({percent} %). Look at the curve.',
  'anomaly.unpaid': '¥{amount} is not paid after {count} reminders. Collect, record a payment, or let it go.',
  'anomaly.item_returned.refunded':
    'Weighed again, the trace shows {count} × {sku} coming back ({percent} % certain). The line was refunded.',
  'anomaly.item_returned.look':
    'Weighed again, the trace does not show clearly that {sku} came back ({percent} %).',
  'anomaly.returned_later.refunded':
    '{sku} × {count} was brought back on a later visit ({percent} % certain) and goes back to its buyer.',
  'anomaly.returned_later.not_theirs':
    '{sku} × {count} was put in by somebody who had not bought it. Look at the pictures; never refund the one who brought it.',
  'anomaly.returned_later.doubtful':
    'Something like {sku} × {count} was brought back, and the scales saw more that they cannot explain.',
  'anomaly.returned_later.camera_blocked':
    '{sku} × {count} was brought back by its buyer, and the camera could not see it.',
  'anomaly.returned_later.unsure': 'Perhaps {sku} × {count} was brought back by its buyer ({percent} %).',
  'anomaly.returned_later.other_operator':
    '{sku} × {count} was brought back to a cabinet of another operator than it was bought from.',
  'anomaly.returned_later.too_late':
    '{sku} × {count} was brought back by its buyer, later than a rule may refund it.',
  'anomaly.returned_later.order_open':
    '{sku} × {count} was brought back by its buyer, and a person is still deciding about the purchase.',
  'anomaly.returned_later.above_limit':
    '{sku} × {count} was brought back by its buyer ({percent} %); the amount is above what a rule decides.',
  'anomaly.quality.expired':
    'Our own batches say that every {sku} which could have been sold was past its date. It goes back at once; the compensation of the law is yours to settle.',
  'anomaly.door_trouble.left_open':
    'The door stood open for {minutes} min. The consumer was warned at the cabinet.',
  'anomaly.door_trouble.forced':
    'The door was opened although nobody had unlocked it. Look at the pictures and count the goods.',
  'anomaly.door_trouble.lock_failed':
    'The door did not lock after the visit, so the cabinet stopped selling. Goods may have left unseen.',
  'anomaly.amount_differs': 'The provider took ¥{taken}, we had asked for ¥{asked}.',
  'anomaly.bill.paid_twice': 'The bill of {day} shows a second payment of ¥{taken}. It goes back by itself.',
  'anomaly.bill.paid_unheard': 'The bill of {day} shows a payment of ¥{taken} that nobody had told us of.',
  'anomaly.bill.paid_unknown':
    'The bill of {day} shows ¥{taken} that belongs to none of our orders. Look it up in the merchant platform.',
  'anomaly.bill.known_unpaid':
    'We know a payment of ¥{asked} that the bill of {day} does not show. Ask the provider before anything is refunded.',
  'anomaly.bill.amount_differs': 'The bill of {day} shows ¥{taken}, our books ¥{asked}.',
  'anomaly.bill.refund_missing': 'A refund of ¥{asked} was accepted, and the bill of {day} does not show it.',
  'anomaly.bill.refund_unknown':
    'The bill of {day} shows a refund of ¥{taken} that was not made here. Somebody may have made it in the merchant platform.',
  'anomaly.bill.refund_amount_differs': 'The bill of {day} shows a refund of ¥{taken}, our books ¥{asked}.',
  'anomaly.provider_refused': 'The provider refused the charge: {reason}',
  // what was decided on a dispute
  'outcome.double_charge_refunded':
    'You had been charged twice. The second ¥{amount} is on its way back to you.',
  'outcome.single_charge':
    'We asked the payment provider: ¥{amount} was taken once for this visit. An entry that disappears by itself is a reservation.',
  'outcome.return_refunded': 'The record shows that it came back. ¥{amount} is on its way back to you.',
  'outcome.return_lowered':
    'The record shows that it came back. The ¥{amount} was not taken yet, and is not collected any more.',
  'outcome.late_explained_offline':
    'You closed the door at {closed}. The cabinet was offline then and could report at {charged}. {count} items, ¥{amount}, charged once.',
  'outcome.late_explained':
    'You closed the door at {closed} and were charged at {charged}. {count} items, ¥{amount}, charged once.',
  'outcome.already_refunded': 'This was refunded already: ¥{amount} is on its way back to you.',
  'outcome.refunded': '¥{amount} is on its way back to you.',
  'outcome.partly_refunded': '¥{amount} is on its way back to you.',
  'outcome.lowered': '¥{amount} less is charged; it was not taken yet, and will not be.',
  'outcome.explained': 'We have explained what happened; nothing changes on the charge.',
  'outcome.answered': 'We have answered your question.',
  'outcome.refused': 'The charge stays as it is. The reason is in the answer.',
  'outcome.charged': 'The order was charged as recognised.',
  'outcome.adjusted': 'The setting was changed and the cabinet confirmed it.',
  'outcome.restored': 'The cabinet is back in service.',
  'outcome.restocked': 'The cabinet was restocked.',
  'outcome.no_action': 'Nothing needed to be done.',
  // advice to the agent
  'advice.refund_duplicate': 'Two payments for one session: refund the later one.',
  'advice.refund_lines': 'The record supports the consumer: {percent} % by weighing again.',
  'advice.explain_clear':
    'The record is clear: the receipt is {percent} % certain and weighing again agrees.',
  'advice.explain_late': 'One charge, late by {minutes} min. Explain the cause and the times.',
  'advice.look_quality': 'Only a person can judge quality. Ask for a picture when it helps.',
  'advice.look_unclear': 'The record does not decide this: {percent} %. Look at curve and pictures.',
  'advice.charge_recognised':
    'The pictures confirm or correct what the scales recognised; decide on the order.',
  // why somebody may not open, or only for less
  'restriction.camera_covered':
    'In {days} days the camera inside was covered during {count} of your visits. Pictures of the goods are what protects you and us when a charge is doubted.',
  'restriction.unpaid':
    'In {days} days {count} of your purchases were not paid, also after several reminders.',
  'restriction.person': 'A person at our support desk decided it after looking at your visits.',
  // messages in a ticket
  'message.restriction_lifted': 'The restriction was lifted. Every cabinet opens for you again.',
  'message.expired_refunded':
    'Our records show that it was past its date. We are sorry. ¥{amount} goes back to you now; a person writes to you about the compensation that you are entitled to.',
  'message.received': 'Thank you. A person looks at it and answers by {due}.',
  'message.asked_again': 'Asked about again from the cabinet.',
  'message.visit_not_opened': 'Your try at {at}: the door was not opened, so nothing is charged for it.',
  'message.visit_waiting':
    'The record of your visit at {at} is still with the cabinet. It comes by itself, and you are charged once at most.',
  'message.cabinet_offline':
    'This cabinet has no connection at the moment, so its door stays locked. It is back by itself as soon as it is connected.',
  'message.cabinet_out_of_service':
    'This cabinet is out of service at the moment, so its door stays locked. Staff know about it.',
  'message.cabinet_locked_out':
    'It got too warm inside this cabinet, so it sells nothing until a person has checked the food.',
  'message.cabinet_goods_expired':
    'Something in this cabinet is past its date, so it sells nothing until staff have taken it out.',
  'message.cabinet_goods_blocked':
    'Goods of a batch that must not be sold any more lie in this cabinet, so it sells nothing until staff have taken them out.',
  'message.cabinet_closed': 'This cabinet sells nothing at this hour.',
  'message.cabinet_busy': 'Somebody else is at this cabinet. It opens again when they have closed the door.',
  'message.settled': 'The record was clear, so this was settled at once.',
  'message.refund': 'A refund of ¥{amount} was started.',
  'message.reopened': 'Opened again.',
  'message.rechecked':
    'We looked at your case a second time and found that we have to correct something. You need not do anything; we write here what comes of it.',
  'message.delay_checking':
    'We promised an end by {due} and may need longer, because the record is still being checked. Somebody in charge looks at it now.',
  'message.delay_provider':
    'We promised an end by {due} and may need longer, because the payment provider has not finished yet. Somebody in charge follows it now.',
  'message.delay_onsite':
    'We promised an end by {due} and may need longer, because somebody has to look at the cabinet on site. Somebody in charge follows it now.',
  'message.delay_device':
    'We promised an end by {due} and may need longer, because the cabinet has not answered yet. Somebody in charge follows it now.',
  'message.device_applied': 'The cabinet keeps {wanted} °C now.',
  'message.device_refused': 'The cabinet did not accept {wanted} °C and keeps what it had.',
  'message.device_overridden':
    'Somebody set another temperature at the cabinet itself, so {wanted} °C does not hold.',
  'message.device_superseded':
    'Another temperature was asked for before the cabinet answered; {wanted} °C does not hold.',
  'message.device_silent': 'The cabinet has not answered yet. {wanted} °C holds as soon as it does.',
  // notices
  'notice.returned_refunded.title': 'Brought back: your money goes back',
  'notice.returned_refunded':
    'You brought {count} items of your purchase at {cabinet} back at {returned}. ¥{amount} goes back to you. {arrival} You need not do anything.',
  'notice.returned_look.title': 'We saw that you brought something back',
  'notice.returned_look':
    'You brought something of your purchase at {cabinet} back at {returned}. A person looks at it and answers by {due}; you need not do anything.',
  'notice.restricted.title': 'No cabinet opens for you until {until}',
  'notice.restricted':
    '{reason} Therefore no cabinet opens for you until {until}. If this is wrong, tell us on this page; a person answers.',
  'notice.limited.title': 'For a while a visit may cost at most ¥{amount}',
  'notice.limited':
    '{reason} Therefore a visit may cost at most ¥{amount} until {until}. If this is wrong, tell us on this page; a person answers.',
  'notice.restriction_ended.title': 'Every cabinet opens for you again',
  'notice.restriction_ended': 'The restriction has ended. Thank you; you can shop as before.',
  'notice.caller_code.title': 'Your code for support',
  'notice.caller_code':
    'If you are speaking with our support right now, read them this code: {code}. It is good for {minutes} minutes. If you did not call us, keep it to yourself; then nothing happens.',
  'notice.double_charge.title': 'You were charged twice; the second goes back',
  'notice.double_charge':
    'The payment provider took ¥{amount} twice for your visit to {cabinet} at {closed}. We are giving the second ¥{amount} back now. You need not do anything.',
  'notice.late_charge.title': 'A late charge for your visit',
  'notice.late_charge':
    'You closed the door of {cabinet} at {closed}. {cause} {count} items, ¥{amount}; you are charged once, now.',
  'cause.offline':
    'The cabinet had no connection from {from} and could report your visit only at {to}, so the charge comes late.',
  'cause.system': 'Our system could take up your visit only now, so the charge comes late. We are sorry.',
  'notice.unpaid.title': 'A purchase is not paid yet',
  'notice.unpaid':
    'Your payment app could not collect ¥{amount} for your visit to {cabinet} at {closed}; usually there was not enough money in it. Pay here, or top it up and it is collected by itself. Until then no cabinet opens for you. You pay once.',
  'notice.unpaid_again.title': 'Reminder: a purchase is still not paid',
  'notice.unpaid_again':
    '¥{amount} for your visit to {cabinet} at {closed} is still not paid. Pay here and every cabinet opens again at once. If the amount is wrong, tell us on the same page.',
  'notice.unpaid_settled.title': 'Paid, thank you',
  'notice.unpaid_settled':
    '¥{amount} for your visit to {cabinet} at {closed} is paid, once. Every cabinet opens for you again.',
  'notice.written_off.title': 'You need not pay this any more',
  'notice.written_off':
    'We do not ask for the ¥{amount} of your visit to {cabinet} at {closed} any more. Every cabinet opens for you again.',
  'notice.charge_lowered.title': 'Less is collected for your visit',
  'notice.charge_lowered':
    '¥{amount} of your visit to {cabinet} at {closed} is not collected any more; ¥{left} is left to pay.',
  'notice.compensation_coupon.title': 'A coupon for you',
  'notice.compensation_coupon':
    'Because of your visit to {cabinet} we gave you a coupon of ¥{amount}. It is used by itself on your next visit, at every cabinet.',
  'notice.compensation_points.title': 'Points for you',
  'notice.compensation_points':
    'Because of your visit to {cabinet} we gave you points worth ¥{amount}. They are used by themselves on your next visit, at every cabinet.',
  'notice.refund_started.title': 'A refund is on its way',
  'notice.refund_started': '¥{amount} of your purchase at {cabinet} goes back to you. {arrival}',
  'notice.refund_arrived.title': 'Your refund was handed over',
  'notice.refund_arrived': 'The payment provider has handed over ¥{amount} for your purchase at {cabinet}.',
  'notice.held_charged.title': 'We have looked at your visit',
  'notice.held_charged':
    'A person has looked at the record of your visit to {cabinet} at {closed}: {count} items, ¥{amount}, charged once. If something is wrong, three taps on the order page are enough.',
  'notice.held_free.title': 'Nothing is charged for your visit',
  'notice.held_free':
    'A person has looked at the record of your visit to {cabinet} at {closed}. Nothing is charged.',
  'notice.emergency.title': '{title}',
  'notice.emergency': '{text}',
  'notice.answered.title': 'We have answered your question',
  'notice.answered': 'There is an answer to your question about your visit to {cabinet}.',
}
export type StoryKey = keyof typeof en
const zh: Record<StoryKey, string> = {
  'story.opened': '您打开了柜门。',
  'story.closed': '您关上了柜门。',
  'story.weighed': '货柜完成称重：取走 {count} 件商品。',
  'story.cheapest': '重量符合价格相近的几种商品组合，已按其中最便宜的一种扣款；如商品名称有误，请告诉我们。',
  'story.nothing_taken': '没有取走商品，不扣款。',
  'story.charged': '已扣款 ¥{amount}，只扣了一次。',
  'story.charge_pending': '支付平台正在收取 ¥{amount}，您无需操作。',
  'story.camera_blocked': '摄像头有 {seconds} 秒看不到柜内，本次按重量结算。',
  'story.offline': '货柜断网，期间的记录由货柜自行保存。',
  'story.online': '网络恢复，货柜上报了本次购物。',
  'story.held': '扣款前先由人工核对记录。',
  'story.unpaid': '支付应用未能收取 ¥{amount}，付清前货柜暂不能打开。',
  'story.reminded': '我们提醒您这笔订单尚未付款。',
  'story.written_off': '¥{amount} 无需再付。',
  'story.lowered': '重新称量后，少收 ¥{amount}。这笔钱尚未扣款，不会再收。',
  'story.compensated.coupon': '我们送您一张 ¥{amount} 优惠券，下次购物自动使用。',
  'story.compensated.points': '我们送您价值 ¥{amount} 的积分，下次购物自动抵用。',
  'story.released': '人工已核对记录并作出决定。',
  'story.charged_twice': '支付平台又收取了一次 ¥{amount}，将退还给您。',
  'story.refund_started': '已发起退款 ¥{amount}。',
  'story.refund_arrived': '支付平台已退出 ¥{amount}。',
  'story.not_opened': '柜门没有打开，不扣款。',
  'message.erased': '已应本人要求删除。',
  'arrival.not_taken': '尚未扣款，一分钟内按减少后的金额收取。',
  'arrival.balance': '零钱一般 5 分钟内到账，银行卡 1–3 个工作日。',
  'held.ambiguous': '重量变化符合不止一种取货组合。',
  'held.camera_blocked': '摄像头看不到柜内，仅凭重量还不够明确。',
  'held.foreign_object': '柜内放入了不属于货柜商品的物品。',
  'held.sensor_fault': '有一个秤工作异常。',
  'held.opened_package_returned': '有物品放回时变轻了。',
  'held.unexplained_loss': '重量变化与货架商品不相符。',
  'held.over_cap': '金额超出单次购物上限。',
  'held.unknown_product': '有商品在这台货柜没有价格。',
  'held.record_lost': '货柜丢失了本次购物的记录。',
  'held.provider_refused': '支付平台没有受理我们的请求。',
  'anomaly.camera_blocked.charged':
    '摄像头被遮挡 {seconds} 秒；按重量识别的把握为 {percent}%（门限 {limit}%），已扣款。',
  'anomaly.camera_blocked.held':
    '摄像头被遮挡 {seconds} 秒，按重量识别的把握仅 {percent}%（门限 {limit}%）。',
  'anomaly.ambiguous': '最可能的清单把握为 {percent}%，门限为 {limit}%。',
  'anomaly.ambiguous.cheapest':
    '有几种价格相近的组合符合重量，已按最便宜的一种扣款（合计把握 {percent} %，界限 {limit} %）。',
  'anomaly.over_cap': '清单金额 ¥{amount}，超出单次购物上限。',
  'anomaly.foreign_object': '有重量增加，但不属于已取走的商品。不计费，请检查该层。',
  'anomaly.sensor_fault': '购物期间有秤故障；此类数据不自动扣款。',
  'anomaly.unexplained_loss': '重量与商品不能平衡。',
  'anomaly.unknown_product': '识别出的商品在本次陈列图中没有价格。',
  'anomaly.record_lost': '货柜丢失了本次购物的记录（{reason}）。',
  'anomaly.unexpected': '会话已结束后仍有商品被取走。',
  'anomaly.double_charge': '支付平台对同一次购物收取了两次 ¥{amount}，后一笔自动退还。',
  'anomaly.delayed_charge.offline': '货柜断网，关门 {minutes} 分钟后才扣款。',
  'anomaly.delayed_charge.provider_pending': '支付平台用了 {minutes} 分钟才完成收款。',
  'anomaly.delayed_charge.system': '关门 {minutes} 分钟后，我们的系统才扣款。',
  'anomaly.delayed_charge.unclear': '扣款延迟，复核称重不能明确确认（{percent}%），请查看曲线。',
  'anomaly.unpaid': '提醒 {count} 次后仍有 ¥{amount} 未付。请催收、登记付款或免除。',
  'anomaly.item_returned.refunded': '复核称重记录，{sku} × {count} 已放回（把握 {percent}%），该行已退款。',
  'anomaly.item_returned.look': '复核称重记录，不能明确 {sku} 已放回（{percent}%）。',
  'anomaly.returned_later.refunded':
    '{sku} × {count} 在之后的一次开门中放回（把握 {percent}%），款项退给购买者。',
  'anomaly.returned_later.not_theirs':
    '{sku} × {count} 由未购买该商品的人放入。请查看照片，切勿退款给放入者。',
  'anomaly.returned_later.doubtful': '疑似放回 {sku} × {count}，但秤上还有无法解释的变化。',
  'anomaly.returned_later.camera_blocked': '购买者放回了 {sku} × {count}，当时摄像头看不到。',
  'anomaly.returned_later.unsure': '购买者可能放回了 {sku} × {count}（{percent}%）。',
  'anomaly.returned_later.other_operator': '{sku} × {count} 放回到了另一家运营商的货柜。',
  'anomaly.returned_later.too_late': '购买者放回了 {sku} × {count}，已超出自动退款的时限。',
  'anomaly.returned_later.order_open': '购买者放回了 {sku} × {count}，而该订单仍在人工处理中。',
  'anomaly.returned_later.above_limit':
    '购买者放回了 {sku} × {count}（{percent}%），金额超出自动处理的上限。',
  'anomaly.quality.expired': '按批次记录，可能售出的 {sku} 均已过期。货款立即退还；法定赔偿由您处理。',
  'anomaly.door_trouble.left_open': '柜门敞开了 {minutes} 分钟，柜机已提醒消费者。',
  'anomaly.door_trouble.forced': '无人开锁而柜门被打开。请查看照片并盘点商品。',
  'anomaly.door_trouble.lock_failed': '购物后柜门未能上锁，货柜已停止销售，可能有商品未被记录就被取走。',
  'anomaly.amount_differs': '支付平台收取 ¥{taken}，我们请求的是 ¥{asked}。',
  'anomaly.bill.paid_twice': '{day} 的账单显示第二笔付款 ¥{taken}，将自动退还。',
  'anomaly.bill.paid_unheard': '{day} 的账单显示一笔 ¥{taken} 的付款，此前没有收到通知。',
  'anomaly.bill.paid_unknown': '{day} 的账单中有 ¥{taken} 不属于我们的任何订单，请到商户平台核对。',
  'anomaly.bill.known_unpaid':
    '我们记录了 ¥{asked} 的付款，但 {day} 的账单中没有。退款前请先向支付平台核实。',
  'anomaly.bill.amount_differs': '{day} 的账单为 ¥{taken}，我们的记录为 ¥{asked}。',
  'anomaly.bill.refund_missing': '¥{asked} 的退款已受理，但 {day} 的账单中没有。',
  'anomaly.bill.refund_unknown':
    '{day} 的账单中有一笔 ¥{taken} 的退款不是在这里发起的，可能有人在商户平台操作。',
  'anomaly.bill.refund_amount_differs': '{day} 的账单显示退款 ¥{taken}，我们的记录为 ¥{asked}。',
  'anomaly.provider_refused': '支付平台拒绝了扣款：{reason}',
  'outcome.double_charge_refunded': '确实扣了两次，第二笔 ¥{amount} 正在退还给您。',
  'outcome.single_charge':
    '已向支付平台核实：本次购物只扣款一次，¥{amount}。会自行消失的记录是预授权，不是扣款。',
  'outcome.return_refunded': '记录显示商品已放回，¥{amount} 正在退还给您。',
  'outcome.return_lowered': '记录显示商品已放回。¥{amount} 尚未扣款，不会再收。',
  'outcome.late_explained_offline':
    '您 {closed} 关门，柜子当时断网，{charged} 恢复后才完成结算。共 {count} 件，¥{amount}，只扣了一次。',
  'outcome.late_explained': '您 {closed} 关门，{charged} 完成扣款。共 {count} 件，¥{amount}，只扣了一次。',
  'outcome.already_refunded': '这笔款项已经退款：¥{amount} 正在退还给您。',
  'outcome.refunded': '¥{amount} 正在退还给您。',
  'outcome.partly_refunded': '¥{amount} 正在退还给您。',
  'outcome.lowered': '少收 ¥{amount}：这笔钱尚未扣款，不会再收。',
  'outcome.explained': '已向您说明情况，扣款不变。',
  'outcome.answered': '您的问题已答复。',
  'outcome.refused': '扣款不变，原因见回复。',
  'outcome.charged': '已按识别结果扣款。',
  'outcome.adjusted': '设置已更改，货柜已确认。',
  'outcome.restored': '货柜已恢复营业。',
  'outcome.restocked': '货柜已补货。',
  'outcome.no_action': '无需处理。',
  'advice.refund_duplicate': '同一次购物有两笔支付：退还后一笔。',
  'advice.refund_lines': '记录支持消费者：复核把握 {percent}%。',
  'advice.explain_clear': '记录明确：清单把握 {percent}%，复核结果一致。',
  'advice.explain_late': '只扣了一次，晚了 {minutes} 分钟。说明原因和时间。',
  'advice.look_quality': '质量问题需人工判断，必要时请对方提供照片。',
  'advice.look_unclear': '仅凭记录不能判断（{percent}%），请查看曲线和照片。',
  'advice.charge_recognised': '请用照片核对识别结果，确认或更正后处理订单。',
  'restriction.camera_covered':
    '{days} 天内，您有 {count} 次购物时柜内摄像头被遮挡。对扣款有疑问时，照片是对您和我们的保护。',
  'restriction.unpaid': '{days} 天内，您有 {count} 笔购物在多次提醒后仍未付款。',
  'restriction.person': '客服人员查看您的购物记录后作出此决定。',
  'message.restriction_lifted': '限制已解除，您可以照常打开所有货柜。',
  'message.expired_refunded':
    '我们的记录显示商品已过保质期，非常抱歉。¥{amount} 现在退给您；依法应得的赔偿由人工与您联系。',
  'message.received': '感谢反馈，已转人工处理，将在 {due} 前答复您。',
  'message.asked_again': '在货柜处再次反馈了同一问题。',
  'message.visit_not_opened': '您 {at} 的这次尝试：门没有打开，不会扣款。',
  'message.visit_waiting': '您 {at} 的购物记录还在货柜里，稍后会自动传回，最多只扣款一次。',
  'message.cabinet_offline': '这台货柜目前没有网络，所以门保持锁定；恢复连接后会自动可用。',
  'message.cabinet_out_of_service': '这台货柜目前暂停服务，所以门保持锁定；工作人员已知悉。',
  'message.cabinet_locked_out': '柜内温度曾过高，在人工检查食品之前不再销售。',
  'message.cabinet_goods_expired': '柜内有商品过了保质期，取出之前不再销售。',
  'message.cabinet_goods_blocked': '柜内有一批商品已停止销售，取出之前不再销售。',
  'message.cabinet_closed': '现在不是这台货柜的营业时间。',
  'message.cabinet_busy': '有其他顾客正在使用这台货柜，对方关门后即可打开。',
  'message.settled': '记录明确，已即时处理。',
  'message.refund': '已发起退款 ¥{amount}。',
  'message.reopened': '已重新打开。',
  'message.rechecked': '我们复核了您的问题，发现有需要更正之处。您无需操作，处理结果会在这里告诉您。',
  'message.delay_checking': '我们承诺 {due} 前处理完毕，因仍在核对记录，可能需要更长时间，已由负责人跟进。',
  'message.delay_provider':
    '我们承诺 {due} 前处理完毕，因支付平台尚未完成，可能需要更长时间，已由负责人跟进。',
  'message.delay_onsite':
    '我们承诺 {due} 前处理完毕，因需要到现场查看货柜，可能需要更长时间，已由负责人跟进。',
  'message.delay_device': '我们承诺 {due} 前处理完毕，因货柜尚未回应，可能需要更长时间，已由负责人跟进。',
  'message.device_applied': '货柜已按 {wanted} °C 运行。',
  'message.device_refused': '货柜未接受 {wanted} °C，保持原设定。',
  'message.device_overridden': '有人在货柜现场设置了其他温度，{wanted} °C 未生效。',
  'message.device_superseded': '货柜回应前已改设其他温度，{wanted} °C 未生效。',
  'message.device_silent': '货柜尚未回应，恢复后将按 {wanted} °C 运行。',
  'notice.returned_refunded.title': '已放回，款项正在退还',
  'notice.returned_refunded':
    '您在 {cabinet} 购买的 {count} 件商品已于 {returned} 放回，¥{amount} 正在退给您。{arrival}无需任何操作。',
  'notice.returned_look.title': '我们看到您放回了商品',
  'notice.returned_look':
    '您于 {returned} 放回了在 {cabinet} 购买的商品。人工正在查看，将在 {due} 前答复，您无需任何操作。',
  'notice.restricted.title': '{until} 前暂时无法开门',
  'notice.restricted': '{reason}因此在 {until} 前您无法打开货柜。如有误，请在此页面告诉我们，由人工答复。',
  'notice.limited.title': '一段时间内单次购物最多 ¥{amount}',
  'notice.limited':
    '{reason}因此在 {until} 前单次购物最多 ¥{amount}。如有误，请在此页面告诉我们，由人工答复。',
  'notice.caller_code.title': '客服核实验证码',
  'notice.caller_code':
    '如果您正在与我们的客服通话，请告诉客服验证码 {code}，{minutes} 分钟内有效。如果您没有联系客服，请不要告诉任何人，无需任何操作。',
  'notice.restriction_ended.title': '您可以照常开门了',
  'notice.restriction_ended': '限制已结束，感谢您的理解，可以照常购物。',
  'notice.double_charge.title': '重复扣款，第二笔正在退还',
  'notice.double_charge':
    '您 {closed} 在{cabinet}的购物被支付平台扣款两次，每次 ¥{amount}。第二笔正在退还给您，您无需操作。',
  'notice.late_charge.title': '延时扣款说明',
  'notice.late_charge': '您 {closed} 在{cabinet}关门。{cause}共 {count} 件，¥{amount}，现在扣款，只扣一次。',
  'cause.offline': '货柜从 {from} 起断网，{to} 才上报本次购物，所以扣款晚了。',
  'cause.system': '我们的系统现在才处理本次购物，所以扣款晚了，非常抱歉。',
  'notice.unpaid.title': '有一笔购物尚未付款',
  'notice.unpaid':
    '您 {closed} 在{cabinet}的购物有 ¥{amount} 未能扣款，多为支付账户余额不足。点此付款，或充值后等待自动扣款。付清前货柜暂不能打开。只会收取一次。',
  'notice.unpaid_again.title': '提醒：购物仍未付款',
  'notice.unpaid_again':
    '您 {closed} 在{cabinet}的购物仍有 ¥{amount} 未付。点此付清，所有货柜立即恢复使用。如金额有误，可在同一页面反馈。',
  'notice.unpaid_settled.title': '已付清，谢谢',
  'notice.unpaid_settled':
    '您 {closed} 在{cabinet}的购物 ¥{amount} 已付清，只收取了一次。所有货柜已恢复使用。',
  'notice.written_off.title': '这笔购物无需再付款',
  'notice.written_off': '您 {closed} 在{cabinet}的购物 ¥{amount} 无需再付。所有货柜已恢复使用。',
  'notice.charge_lowered.title': '您的这次购物少收一部分',
  'notice.charge_lowered': '您 {closed} 在{cabinet}的购物少收 ¥{amount}，还需支付 ¥{left}。',
  'notice.compensation_coupon.title': '送您一张优惠券',
  'notice.compensation_coupon':
    '因您在{cabinet}的这次购物，我们送您一张 ¥{amount} 优惠券，下次在任何一台柜购物时自动使用。',
  'notice.compensation_points.title': '送您积分',
  'notice.compensation_points':
    '因您在{cabinet}的这次购物，我们送您价值 ¥{amount} 的积分，下次在任何一台柜购物时自动抵用。',
  'notice.refund_started.title': '退款处理中',
  'notice.refund_started': '您在{cabinet}的购物将退款 ¥{amount}。{arrival}',
  'notice.refund_arrived.title': '退款已退出',
  'notice.refund_arrived': '您在{cabinet}的购物，支付平台已退出 ¥{amount}。',
  'notice.held_charged.title': '您的购物已核对',
  'notice.held_charged':
    '您 {closed} 在{cabinet}的购物已由人工核对：共 {count} 件，¥{amount}，只扣一次。如有疑问，可在订单页点三下反馈。',
  'notice.held_free.title': '本次购物不扣款',
  'notice.held_free': '您 {closed} 在{cabinet}的购物已由人工核对，本次不扣款。',
  'notice.emergency.title': '{title}',
  'notice.emergency': '{text}',
  'notice.answered.title': '您的问题已有答复',
  'notice.answered': '您在{cabinet}购物的问题已有答复，请查看。',
}

export const STORY_KEYS = Object.keys(en) as readonly StoryKey[]

export function isStoryKey(key: string): key is StoryKey {
  return Object.hasOwn(en, key)
}
export function storyText(language: Language, key: StoryKey, values: Values = {}): string {
  return fill((language === 'zh' ? zh : en)[key], values)
}
/** Title and text of a notice by its template. */
export function noticeText(
  language: Language,
  template: string,
  values: Values,
): { title: string; text: string } {
  const titleKey = `notice.${template}.title`
  const textKey = `notice.${template}`
  if (!isStoryKey(titleKey) || !isStoryKey(textKey))
    throw new Error(`assertion failed: there is no notice ${template}`)
  return { title: storyText(language, titleKey, values), text: storyText(language, textKey, values) }
}

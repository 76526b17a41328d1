import type { ShippedArticle } from './article.ts'

/** What operators and technicians ask about their cabinets. Not shown to consumers. */
export const FOR_OPERATORS: readonly ShippedArticle[] = [
  {
    key: 'operator_cabinet_use',
    types: ['cabinet_use'],
    keywords: '货柜 状态 指示 离线 offline status suspect',
    title: { zh: '看懂货柜状态', en: 'What the states of a cabinet mean' },
    zh: `- 在线：20 秒内有消息。可疑：20 秒没有消息。离线：40 秒没有消息，不再开门。
- 离线不等于停电。记录都保存在柜内，恢复后自动补传；正在进行的购物会正常记完。
- “暂停服务”是人设置的，“食安锁柜”是温度触发的，两者要分别解除。
- “偏差”表示货柜现在的设置与控制台要求的不同：重新下发，或接受现场的值。

要求一项改动后，页面先后显示：已发送、已送达、已生效；没有“已生效”就还没有发生。`,
    en: `- Online: heard within 20 seconds. Suspect: nothing for 20 seconds. Offline: nothing for 40; no door opens.
- Offline does not mean without power. Everything is kept inside and sent when the line is back; a visit that is under way is recorded to its end.
- "Out of service" was set by a person, a "food-safety lockout" by the temperature; each is ended for itself.
- "Drift" says that the cabinet holds another setting than the console asked for: send it again, or keep what was set on site.

After a change the page says in turn: sent, delivered, applied. Without "applied" it has not happened.`,
  },
  {
    key: 'operator_temperature',
    types: ['temperature'],
    keywords: '温度 调节 设定 制冷 setpoint cooling warm',
    title: { zh: '调节温度', en: 'Adjusting the temperature' },
    zh: `1. 在工单或货柜页修改“设定温度”，写上原因。范围由所售食品决定，超出会说明原因。
2. 一分钟内只能改一次；货柜离线时先排队，上线后生效。
3. 工单会等货柜的答复：已生效，或被拒绝及原因。
4. 设定已生效不等于已经变冷：空柜降 10 °C 约需一小时，满柜更久。
5. 频繁开门后短时升温是正常的，不会报警。门关好 30 分钟仍高于上限，才会锁柜。

一直降不下来：检查门封、散热口、结霜，再考虑除霜。`,
    en: `1. Change the setpoint in the ticket or on the page of the cabinet, with a reason. The range follows from the food that is sold; outside of it you are told why.
2. Once a minute at most; for an offline cabinet it waits and is applied when it is back.
3. The ticket waits for the cabinet's answer: applied, or refused with the reason.
4. Applied is not yet cold: an empty cabinet needs about an hour for 10 °C, a full one longer.
5. Warming after the door was open is normal and calls nobody. Only above the limit 30 minutes after it was closed are sales stopped.

It does not get cold: look at the door seal, the air outlets and ice before you think of a defrost.`,
  },
  {
    key: 'operator_lockout',
    types: ['emergency', 'temperature'],
    keywords: '食安 锁柜 解除 丢弃 lockout food safety discard',
    title: { zh: '食安锁柜：处理与解除', en: 'A food-safety lockout and how it ends' },
    zh: `温度超过上限太久，货柜会停止销售，断电重启也不会解除。

1. 到现场开门检查。用食品温度计测，不要只看空气温度。
2. 冷藏食品中心温度超过 8 °C 达两小时的，丢弃并登记批次。
3. 排除原因：停电、门没关严、压缩机、结霜。
4. 关门，等温度回到范围内。
5. 在货柜屏幕上看四位现场码，在页面输入并写明处理了什么。

远程不能解除：这是为了确保有人真的看过食品。全部记录可以导出给检查人员。`,
    en: `When it was too warm for too long, sales stop; switching it off and on does not end that.

1. Open it on site and look. Measure the food, not only the air.
2. Chilled food above 8 °C inside for two hours is thrown away and its batch written down.
3. Mend the cause: power, a door ajar, the compressor, ice.
4. Close it and wait until it is within the range.
5. Read the four figures on the cabinet's display, type them on the page and say what was done.

It cannot be ended from afar: somebody must really have seen the food. The whole record can be given to an inspector as a file.`,
  },
  {
    key: 'operator_restock',
    types: ['restock', 'stock_mismatch'],
    keywords: '补货 批次 效期 盘点 陈列 restock batch expiry planogram',
    title: { zh: '补货与盘点', en: 'Restocking and counting' },
    zh: `1. 在手机上打开货柜页，开始“补货”；开门期间不会产生订单。
2. 先清点，再补货；每种商品写数量、批次和到期日，先到期的放外面。
3. 照陈列图放。放错层会让称重认错。
4. 关门结束。页面显示与应有库存的差异，确认或说明。
5. 临期商品系统会提前提示，过期批次自动停售。

换陈列图：先在编辑页看“认错的可能”，重量接近的商品不要放同一层。`,
    en: `1. Open the page of the cabinet on your phone and begin a restock; no order comes from an open door then.
2. Count first, then fill; for each product write number, batch and expiry, the earliest to the front.
3. Follow the planogram. On a wrong shelf things are recognised wrongly.
4. Close the door to end it. The page shows what differs from the expected stock; confirm it or say why.
5. You are told of what runs out soon; a batch that is out of date is not sold any more.

A new planogram: look at "how often it is mistaken" in the editor first, and keep goods of nearly the same weight on different shelves.`,
  },
  {
    key: 'operator_emergency',
    types: ['emergency'],
    keywords: '紧急 停电 断电 漏水 触电 起火 power water fire emergency',
    title: { zh: '紧急情况', en: 'Emergencies' },
    zh: `有人受伤、冒烟、漏电：先断电、远离、报警（119/120），再通知我们。

停电：
- 门保持关闭。冷藏食品可保持约两小时，冷冻约四小时。
- 恢复供电后货柜自动启动，接着记录，温度太高会自动锁柜。

门关不上：用人守住，暂停服务，再报修。
漏水：暂停服务，清空下层，检查排水口。

工单里有分角色的清单：谁做、何时、是否完成，大家看到的是同一份。`,
    en: `Somebody is hurt, smoke, electric shock: power off, keep away, call 119 or 120, then tell us.

Power cut:
- Keep the door closed. Chilled food keeps for about two hours, frozen for about four.
- When power is back the cabinet starts by itself and goes on recording; if it was too warm, it locks by itself.

A door that does not close: somebody stays with it; out of service; then report it.
Water: out of service, empty the lower shelves, look at the drain.

The ticket holds one list for all roles: who does what, by when, and whether it is done.`,
  },
  {
    key: 'technician_scales',
    types: ['sensor_fault', 'cabinet_use'],
    keywords: '去皮 标定 砝码 tare calibrate weight',
    title: { zh: '去皮与标定', en: 'Taring and calibrating a shelf' },
    zh: `1. 暂停服务，清空那一层，关门，等压缩机停下。
2. 控制台选“测量空层”，等到提示完成。
3. 放上已知砝码（约为最大称量的一半），关门，选“标定”，输入克数。
4. 系统会核对读数；超出允许范围会拒绝，原值不变。
5. 放回商品，恢复服务。

去皮只改零点，标定还改增益。先去皮，仍有固定比例的误差再标定。`,
    en: `1. Out of service, empty the shelf, close the door, wait until the compressor rests.
2. Choose "measure the empty shelf" and wait until it says done.
3. Put a known weight on it (about half of what it carries), close the door, choose "calibrate" and type the grams.
4. The reading is checked; outside of what is plausible it is refused and nothing changes.
5. Put the goods back, back into service.

A tare moves the zero only; a calibration changes the gain too. Tare first; calibrate when an error remains that grows with the weight.`,
  },
]

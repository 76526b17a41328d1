import { ERRORS, type ErrorCode } from '../base/errors.ts'
import type { Language } from './words.ts'

/** What happened and what to do, for every code of the catalogue. English is the catalogue itself. */
export interface ErrorText {
  readonly meaning: string
  readonly remedy: string
}
function text(meaning: string, remedy: string): ErrorText {
  return { meaning, remedy }
}

const zh: Record<ErrorCode, ErrorText> = {
  bad_request: text('请求的内容不符合要求。', '请按提示修改后重新提交。'),
  not_signed_in: text('您还没有登录，或登录已失效。', '请登录后再试。'),
  wrong_credentials: text('账号或密码不正确。', '请核对后重试；多次失败后请等待一分钟。'),
  foreign_origin: text('该请求来自其他网站的页面。', '请打开我们自己的页面后重试。'),
  second_factor_code_needed: text('此账号除密码外还需要验证码。', '请输入验证器应用中的六位数字，或恢复码。'),
  second_factor_wrong: text('验证码不正确、已过期或已被使用。', '请等待下一个验证码再输入，并核对手机时间。'),
  second_factor_needed: text('此岗位须启用两步验证，目前尚未设置。', '请在“我的账号”中设置验证器应用。'),
  password_change_needed: text('当前密码由他人发放。', '请先在“我的账号”中改成自己的密码。'),
  password_unfit: text('这个密码太容易被猜到。', '请至少使用 12 个字符，不要沿用旧密码，也不要包含账号名。'),
  proof_needed: text('这一步需要再次确认您的身份。', '请输入验证器应用的验证码或密码。'),
  knowledge_unfit: text('这样的内容还不能使用。', '请按提示修改。'),
  last_manager: text('这样就没有人能管理账号了。', '请先让另一个启用中的账号担任经理或管理员。'),
  intake_invalid: text('填写的内容与工单类型不符。', '请修改标出的字段后重新提交。'),
  training_missing: text('处理此类工单需先通过相应培训。', '请先完成培训考核，或转给已通过的同事。'),
  nothing_given_back: text(
    '此工单没有正在退还的款项：尚未申请退款，或退款还在等待审批。',
    '请先申请退款、等待审批，或选择其他结果。',
  ),
  caller_not_verified: text(
    '工单里的来电人还没有核实身份。',
    '请打开该工单，在“是本人吗？”中询问两个问题或发送验证码，或请组长处理。',
  ),
  caller_check_over: text('本次核实已结束（已回答、已过期或已重新发起）。', '请在工单页面重新核实。'),
  caller_checks_spent: text('今天对此人的核实次数已用完。', '请在工单页面改用另一种方式，或请组长处理。'),
  caller_check_unavailable: text('没有可用来核实来电人的信息。', '请先填写订单、发送验证码，或请组长处理。'),
  not_allowed: text('您的角色不能进行此操作。', '请联系拥有提示中权限的同事。'),
  not_found: text('没有找到，或您无权查看。', '请检查地址或编号。'),
  conflict: text('内容刚刚被其他人修改。', '请重新加载后再操作。'),
  dead_letter_settled: text('这条异常报文已有人处理。', '请重新加载列表。'),
  dead_letter_order: text(
    '这台货柜还有更早的异常事件，后面的事件可能以它为前提。',
    '请先修正或作废更早的那一条（提示中已注明）。',
  ),
  dead_letter_not_event: text(
    '这是整个报文而不是单个事件，货柜会自动重新发送其中的事件。',
    '请到货柜处查找原因，然后备注作废。',
  ),
  dead_letter_unmended: text('修改后的事件仍然无法接受。', '请更正提示中的字段。'),
  outbox_not_refused: text('这台货柜的上传已不再被拒绝。', '请重新加载页面，无需操作。'),
  outbox_refused: text(
    '服务器拒收这台货柜的记录，可能有另一台设备使用了相同的身份。',
    '请确认只有一台设备使用该身份，然后在控制台“上传状态”中允许其继续。',
  ),
  too_many_requests: text('请求过于频繁。', '请稍候再试。'),
  payload_too_large: text('提交的内容过大。', '请减小到提示的大小以内。'),
  bad_picture: text('这不是能显示的图片。', '请选择 JPEG、PNG 或 WebP 图片，不超过 8 MiB、6400 万像素。'),
  too_many_pictures: text('这个问题的图片数量已达上限。', '其余情况请用文字说明。'),
  too_many_questions: text('您还有多个问题正在处理中。', '请在其中一个问题里继续留言，或致电客服。'),
  exists_with_different_contents: text('该编号已用于其他内容。', '新的请求请使用新的编号。'),
  bill_not_ready: text('支付方尚未生成当天的账单。', '请在次日（北京时间）10:00 以后再试。'),
  price_conflict: text('价格或优惠的设置互相矛盾。', '请按提示修改。'),
  internal: text('我们这边出了点问题。', '请重试；如仍未解决，请把请求编号告诉客服。'),
  storage_failed: text('数据库未能提交。', '请检查磁盘空间和磁盘状态；没有确认任何内容。'),
  unknown_cabinet: text('没有这个编号的货柜。', '请核对柜身上的编号，或联系客服。'),
  cabinet_offline: text('货柜暂时联系不上。', '请几分钟后再试，或使用其他货柜。'),
  cabinet_busy: text('有人正在使用这台货柜。', '请等柜门关上后再试。'),
  cabinet_locked_out: text('为保证食品安全，这台货柜已暂停销售。', '请使用其他货柜，工作人员已收到通知。'),
  cabinet_out_of_service: text('这台货柜暂停服务。', '请使用其他货柜，工作人员已收到通知。'),
  no_planogram: text('这台货柜还没有陈列图。', '请运营人员先保存陈列图。'),
  consent_required: text('还没有得到您的支付授权。', '请按提示前往支付平台授权。'),
  authorisation_declined: text(
    '支付平台没有通过本次授权。',
    '请先在支付平台付清未完成的订单，或换用其他账户。',
  ),
  consumer_in_arrears: text('您有一笔订单尚未付款。', '请先付清，订单页有付款入口。'),
  consumer_blocked: text('您的开门权限已被暂停。', '原因和申诉方式在订单页可以看到。'),
  consumer_busy: text('您已在另一台货柜购物。', '请先关好那台货柜的柜门。'),
  charge_unresolved: text('上一笔扣款仍在确认中。', '请稍候，切勿重复付款。'),
  command_expired: text('指令在有效时间内没有执行。', '请重新下发，设备没有任何动作。'),
  command_stale_link: text('指令属于之前的连接。', '请重新下发。'),
  command_unknown_token: text('指令的令牌无效或已使用。', '请重新准备指令。'),
  command_retained: text('保留的指令不会被执行。', '发布指令时请不要设置保留标志。'),
  command_unknown: text('货柜不认识这条指令。', '请检查指令名称和固件版本。'),
  precondition_failed: text('货柜不在指令要求的状态。', '请查看货柜状态后再决定。'),
  storage_full: text(
    '存储空间不足，无法记录新的购物，因此暂不开门。',
    '请清理磁盘空间；空间恢复后会自动继续。',
  ),
  outbox_full: text('这台货柜有太多事件等待上传。', '请恢复它的网络；记录不会丢失，但暂不开始新的购物。'),
  command_unanswered: text('货柜没有回报指令结果。', '请先查看货柜再决定是否重发；有结果后会显示在这里。'),
  unknown_after_crash: text('柜端程序在执行指令时中断。', '结果中列出了硬件的实际状态，请据此判断。'),
  agent_restarted: text('柜端程序在指令生效前重启，未作任何更改。', '请重新下发。'),
  door_not_for_sale: text('这扇门内没有在售商品。', '请选择货柜的另一扇门。'),
  visit_line_wrong: text('有一行不可能成立。', '请更正所指的行后重新保存。'),
  visit_difference_unexplained: text('称重结果与填写的不一致。', '请重新清点该层并更正，或写明差异原因。'),
  door_open: text('柜门开着。', '请关上柜门后重新下发。'),
  not_supported: text('这台货柜的硬件不支持该操作。', '请在设备上手动操作，或使用支持该操作的硬件配置。'),
  scale_unstable: text('秤的读数无法稳定。', '请勿触碰层架，关上柜门，待压缩机停机后重试。'),
  weight_implausible: text(
    '读数与这一步应有的重量不符。',
    '请确认层架已清空，或砝码放置正确；未作任何更改。',
  ),
  calibration_not_begun: text('尚未测量空层，或已过去太久。', '请清空该层后重新开始标定。'),
  readback_mismatch: text('设备接受了指令，但读回的数值不同。', '请重试；如仍如此，请检修设备。'),
  too_warm: text('柜内温度过高，暂不能进行此操作。', '请等柜内温度降下来。'),
  defrost_too_soon: text('距离上次除霜时间太短。', '请稍候；每次除霜都会让商品升温。'),
  not_locked_out: text('当前没有食安锁柜。', '无需操作。'),
  not_inspected: text('锁柜之后还没有人开门检查。', '请在现场开门查看商品，丢弃不安全的商品，关门后再解除。'),
  on_site_code_wrong: text(
    '与货柜屏幕上的现场码不符。',
    '请查看这台货柜屏幕上的四位数字；多次输错后会更换。',
  ),
  on_site_code_blocked: text('现场码输错次数过多。', '请稍候，再输入屏幕上的新码。'),
  goods_expired: text('柜内有商品已过期。', '请使用其他货柜；工作人员取出过期商品后恢复销售。'),
  goods_blocked: text('柜内有一批商品已停止销售。', '请使用其他货柜；工作人员取出后恢复销售。'),
  outside_selling_hours: text('现在不在营业时间。', '请在营业时间再来，或使用其他货柜。'),
  camera_not_ready: text(
    '这台货柜的摄像头看不清，且设置为有画面才可销售。',
    '请使用其他货柜，工作人员已收到通知。',
  ),
  planogram_unfit: text('陈列图中有这台货柜没有的层。', '请修改陈列图；在此之前货柜沿用原来的陈列图。'),
  hours_invalid: text('营业时间无法识别。', '请检查时区和时间；在此之前货柜沿用原来的设置。'),
  limit_unsafe: text('食安限值超出货柜允许的范围。', '请选择更严格的限值。'),
  lock_failed: text('门锁没有锁上。', '请关紧柜门；如仍未锁上，会通知运维人员。'),
  unlock_failed: text('门锁没有打开。', '请再试一次；多次失败后会通知运维人员。'),
  setpoint_out_of_range: text('设定温度超出这台货柜的范围。', '请选择提示范围内的温度。'),
  amount_above_paid: text('退款金额不能超过已付金额。', '请不要超过提示的金额。'),
  refund_needs_approval: text('金额超出您的权限。', '已提交主管审批。'),
  order_not_refundable: text('这笔订单没有付款。', '请改为更正扣款。'),
  order_not_unpaid: text('这笔订单没有欠款。', '请重新加载页面，可能已经付清。'),
  already_decided: text('已有人做出决定。', '请重新加载页面。'),
  provider_unreachable: text('支付平台没有回应。', '我们会自动再次查询，请勿重复付款。'),
  provider_bad_signature: text('支付平台的应答没有通过验签。', '请检查配置中的平台公钥；没有任何改动。'),
  provider_rejected: text('支付平台拒绝了请求。', '请查看提示中的平台代码。'),
  callback_bad_signature: text('回调没有通过平台验签。', '没有任何改动；如确为平台发送，请检查密钥。'),
  enrolment_code_invalid: text('注册码错误、已使用或已过期。', '请在货柜页面生成新的注册码。'),
  core_not_trusted: text(
    '该地址上的服务不是生成此注册码的核心服务。',
    '请核对地址和注册码；若都正确，可能有人在中间冒充核心服务。',
  ),
  device_credentials_refused: text('核心服务拒绝了这台货柜的凭证。', '请用新的注册码重新注册货柜。'),
  evidence_hash_mismatch: text('内容与声明的 SHA-256 不一致。', '请重新上传。'),
  serial_open_failed: text('无法打开串口设备。', '请检查线缆和路径；系统每隔几秒会重试。'),
  bus_timeout: text('总线上的设备没有按时应答。', '请检查供电、地址和线缆。'),
  bus_bad_crc: text('收到校验错误的数据帧。', '请检查线缆、终端电阻和波特率。'),
  bus_exception: text('设备拒绝了寄存器访问。', '请检查配置文件与设备是否匹配。'),
  camera_unreachable: text('摄像头没有返回画面。', '请检查地址和供电。'),
  config_invalid: text('配置有误。', '请修改提示中的设置项。'),
  port_taken: text('端口已被占用。', '请用提示中的参数换一个端口，或停止占用它的程序。'),
  data_folder_unusable: text('数据目录无法使用。', '请提供当前用户可写的目录。'),
  profile_invalid: text('硬件配置文件有误。', '请修改提示中的字段。'),
}

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code)
}
export function errorText(language: Language, code: ErrorCode): ErrorText {
  return language === 'zh' ? zh[code] : ERRORS[code]
}

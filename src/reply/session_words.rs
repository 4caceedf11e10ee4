//! The words of a session that is over, as a [`Sentence`](super::sentence::Sentence) has them: English ones between
//! spaces, in small letters.

/// What a sentence says that sends its reader to sign in, or that somebody has signed the reader out.
pub(super) const SIGN_IN: [&str; 46] = [
    "先登录",
    "请登录",
    "重新登录",
    "未登录",
    "没有登录",
    "没登录",
    "需要登录",
    "需登录",
    "登录后再",
    "登录后才",
    "登录后方",
    "别处登录",
    "异地登录",
    "已退出登录",
    "未检测到登录",
    "无登录信息",
    "身份认证信息未提供",
    "不正确的身份认证信息",
    "被迫下线",
    "强制下线",
    "顶下线",
    "踢下线",
    "挤下线",
    " not logged in ",
    " not login ",
    " please login ",
    " login first ",
    " login again ",
    " login required ",
    " login is required ",
    " login to continue ",
    " login before ",
    " need login ",
    " need to login ",
    " must login ",
    " have to login ",
    " must be logged in ",
    " need to be logged in ",
    " been logged out ",
    " are logged out ",
    " unauthenticated ",
    " not authenticated ",
    " authentication required ",
    " authentication is required ",
    " authentication credentials were not provided ",
    " invalid session ",
];

/// What says that a request came without the user's credentials, or with others, where it is about no other thing's.
pub(super) const NO_CREDENTIALS: [&str; 4] = [
    " could not validate credentials ",
    " missing authorization header ",
    " authorization header is missing ",
    " no authorization header ",
];

/// Places to sign in that are none of the page's: their reader is who runs the AppServer.
pub(super) const ELSEWHERE: [&str; 12] = [
    "控制台",
    "管理后台",
    "公众平台",
    "开放平台",
    "商户平台",
    "官网",
    "阿里云",
    "腾讯云",
    "华为云",
    " console ",
    " aliyun ",
    " alibaba ",
];

/// Words for a session.
pub(super) struct Word {
    pub(super) name: &'static str,
    /// What may be said of it beside [`ENDS`]. To wait for a token may end by a time-out, which is none of the session's.
    /// Nor is what is said of a machine: [`MACHINES`].
    pub(super) ends: &'static [&'static str],
}

/// What a session is called, or what tells of one.
pub(super) const SESSIONS: [Word; 11] = [
    Word { name: "登录", ends: TIMEOUTS },
    Word { name: "会话", ends: TIMEOUTS },
    Word { name: " session ", ends: TIMEOUTS },
    Word { name: " login ", ends: TIMEOUTS },
    Word { name: "令牌", ends: TOKEN_ENDS },
    Word { name: " token ", ends: TOKEN_ENDS },
    Word { name: " jwt ", ends: TOKEN_ENDS },
    Word { name: "用户凭证", ends: TIMEOUTS },
    // What a name or a card says of a person may be invalid, too.
    Word { name: "用户身份", ends: &[] },
    Word { name: "身份信息", ends: &[] },
    Word { name: "身份认证", ends: &[] },
];
/// What is a session if nothing before it says of what else it is, and its end stands right behind it:
/// `授权已过期`, but neither `软件授权已过期` nor `授权码已过期`.
pub(super) const ALONE: [&str; 6] = ["授权", "授权信息", "认证", "认证信息", "身份", "身份验证"];
/// What is said of a licence, or of a company's papers, which are renewed otherwise than by signing in.
pub(super) const PAPERS: [&str; 8] =
    ["续费", "购买", "企业", "资质", "材料", "许可", " license ", " licence "];
/// What says of a user that nobody is signed in, where it is about no other thing.
pub(super) const UNKNOWN_USER: [&str; 1] = ["用户未认证"];
/// What may be unauthorized whoever asks.
pub(super) const THINGS: [&str; 7] =
    ["action", "file", "type", "format", "client", "domain", "origin"];
/// What is said of one that is over.
pub(super) const ENDS: [&str; 4] = ["过期", "失效", " expired ", " has timed out "];
/// What is said of one that never was, too.
pub(super) const INVALID: [&str; 3] = ["无效", " invalid ", " not valid "];
const TIMEOUTS: &[&str] = &["超时", " timed out ", " timeout "];
const TOKEN_ENDS: &[&str] = &[
    "为空",
    "不存在",
    "缺失",
    "冻结",
    "验证失败",
    "校验失败",
    "验证未通过",
    "校验未通过",
    "验证不通过",
    "校验不通过",
    " blacklisted ",
    " missing ",
    " required ",
    " revoked ",
    " malformed ",
    " must be provided ",
    " not provided ",
    " was not found ",
];

/// Ends that a machine may have too: `登录服务超时`, `session store timed out`, `token验证失败：认证服务不可用`.
pub(super) const OF_MACHINES: [&str; 6] =
    ["超时", "验证失败", "校验失败", " timed out ", " has timed out ", " timeout "];
/// What names one, between a session and such an end.
pub(super) const MACHINES: [&str; 10] =
    ["服务", "中心", "接口", "请求", "响应", "连接", " service", " server", " store", " request"];
/// What says so of one, wherever it stands.
pub(super) const UNAVAILABLE: [&str; 2] = ["不可用", " unavailable "];

/// How far an end may stand behind its session, in bytes: `登录状态已经过期`, `session has already expired`.
pub(super) const NEAR: usize = 20;

/// What stands before a session or a token that is none, and the words that may stand between.
pub(super) const NO: [&str; 17] = [
    "无效的",
    "无效",
    "非法的",
    "非法",
    "未能读取到",
    "未读取到",
    "未检测到",
    "未获取到",
    "未携带",
    "未提供",
    "未按照指定前缀提交",
    "没有携带",
    "缺少",
    " missing",
    " invalid",
    " expired",
    " malformed",
];
/// Words that say whose a token is, and change nothing.
pub(super) const WHOSE: [&str; 14] = [
    "有效的",
    "有效",
    "您的",
    "你的",
    "当前",
    "用户",
    "登录",
    " the",
    " auth",
    " authorization",
    " authentication",
    " access",
    " bearer",
    " jwt",
];
/// Ends that only a token has in this way: "no token", but "no session of the meeting".
pub(super) const TOKENS: [&str; 3] = ["令牌", " token ", " jwt "];

/// Platforms that have tokens of their own. Where one signs its users in, that is the session.
pub(super) const PLATFORMS: [&str; 5] = [" wechat ", " weixin ", "微信", "钉钉", "飞书"];

/// Words that make a token another one than the session's, wherever they stand, as parts of other words or as words.
pub(super) const OTHERS: [&str; 32] = [
    " sts ",
    " oss ",
    " vod ",
    " ram ",
    " security ",
    " csrf ",
    " xsrf ",
    " upload ",
    " access key ",
    // Of AssumeRole.
    " role session ",
    " session policy ",
    " session name ",
    " max session ",
    " captcha ",
    " idempotent ",
    " idempotency ",
    // WeChat's, of its own access_token.
    " not latest ",
    // A parser's: `Unexpected token '<', "<html>" is not valid JSON`.
    " unexpected token ",
    " token bucket ",
    "令牌桶",
    "安全令牌",
    "临时",
    "上传令牌",
    "上传会话",
    // ThinkPHP's, of a form.
    "令牌数据",
    "表单",
    "重复提交",
    "幂等",
    "滑块",
    "验证码",
    "人机",
    // Of a person, and not of a session.
    "实名",
];
/// The same right before it, or what an AppServer does that asks for one itself.
pub(super) const OTHERS_BEFORE: [&str; 27] = [
    "上传",
    "分片",
    "下载",
    "表单",
    "支付",
    "聊天",
    "会议",
    "直播",
    "推送",
    "设备",
    " file",
    " device",
    " push",
    " form",
    " share",
    " reset",
    " chat",
    " payment",
    " page",
    "获取",
    "换取",
    "生成",
    "申请",
    " get",
    " fetch",
    " obtain",
    " generate",
];

"""By which words mail systems say that a mail did not arrive, and why. A phrase a line, each a
regular expression without regard to case; QQ, 网易, Coremail, Sina, Aliyun, qmail, Exim, Exchange.
"""

import re

from policy.vocabulary import BounceKind


def _any_of(*phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(phrases), re.IGNORECASE | re.MULTILINE)


MACHINES = _any_of(r"^(?:mailer-?daemon|mail-daemon|postmaster|bounces?|mdaemon)\b")
"""Who sends such notices, by the beginning of the address."""
SUBJECTS = _any_of(
    r"退信|退回|未送达|无法送达|不能送达|发送失败|投递失败|无法投递|延迟投递",
    r"投递(?:状态)?(?:延迟|通知)",
    r"undeliver|not delivered|could not send|failure notice|system bounce",
    r"delivery (?:status|has failed|failure|delayed|report)",
    r"returned (?:mail|to sender)|mail (?:delivery|system)",
)
QUOTED = _any_of(
    r"^\W{0,40}below this line is a copy.*",
    r"^\W{0,40}this is a copy of (?:the|your) message.*",
    r"^\W{0,40}original message (?:follows|headers).*",
    r"^\W{0,40}(?:message headers follow|included is a copy).*",
    r"^\W{0,40}(?:以下|下面)(?:是|为)?(?:您的)?(?:原邮件|原始邮件|邮件原文).*",
)
"""Where the returned mail begins within the text: what it says is ours."""
LATER = _any_of(
    r"(?:将|会)(?:继续|再次|自动)(?:为您)?(?:尝试|重试|投递)",
    r"仍在(?:尝试|重试)|(?:投递|送达)(?:已)?延迟|延迟投递",
    r"will (?:continue|keep|be) (?:to )?(?:try|trying|retried|retry)",
    r"delivery (?:is |has been )?delayed|has not yet been delivered",
    r"do(?:es)? not need to resend|warning message only",
)
"""That nothing has failed yet."""
GIVEN_UP = _any_of(
    r"退信|被退回|失败", r"giv(?:en|ing) up|permanent|returned|undeliver|failed|failure"
)
"""What no notice of a mere delay has in its subject."""

FULL = _any_of(
    r"(?:邮箱|空间|容量|信箱)[^。\n]{0,6}(?:已满|不足|超限|满了|用完|超出)",
    r"超(?:过|出)[^。\n]{0,8}(?:容量|配额|空间)",
    r"mailbox (?:is |has )?(?:full|exceeded)|inbox is full|no space left",
    r"(?:over|exceed\w*)[^.\n]{0,20}quota|quota[^.\n]{0,12}exceed",
    r"(?:out of|insufficient)[^.\n]{0,12}(?:disk|storage|space)",
)
LARGE = _any_of(
    r"(?:邮件|附件|信件)(?:内容)?(?:太大|过大|大小超)|超过[^。\n]{0,10}大小",
    r"(?:message|mail)[^.\n]{0,20}(?:too (?:large|big)|size (?:limit|exceeds))",
    r"exceeds[^.\n]{0,20}size",
)
GONE = _any_of(
    r"(?:用户|收件人|邮箱|信箱|帐号|账号|账户|帐户|地址|域名|邮件组)[^。，,\n]{0,8}"
    r"(?:不存在|不正确|无效|有误|未找到|找不到|没有找到)",
    r"(?:用户|收件人|邮箱|信箱|帐号|账号|账户|帐户)[^。，,\n]{0,8}"
    r"(?:停用|禁用|注销|冻结|关闭|锁定|删除|过期)",
    r"(?:无此|查无此|没有(?:这|该|此)个?|不存在(?:的|该|此))(?:用户|收件人|邮箱|帐号|账号|人|地址)",
    r"(?:找不到|未能找到|无法找到|无法解析)[^。，,\n]{0,12}(?:用户|收件人|邮箱|地址|域名|主机)",
    r"no such (?:user|recipient|mailbox|address|person|account)",
    r"(?:user|recipient|mailbox|address|account)s? (?:is |was |are )?"
    r"(?:unknown|unrouteable|invalid|not (?:found|known|exist)|inactive|disabled|suspended|closed)",
    r"(?:unknown|invalid|nonexist\w*|bad|disabled|unrouteable) "
    r"(?:user|recipient|mailbox|address|account|destination)",
    r"(?:could|was|were|can)(?: not|n.t)(?: be)? found|recipientnotfound",
    r"does(?: not|n.t) (?:exist|have (?:an|this) (?:account|mailbox))",
    r"no (?:mailbox|user) here by that name|(?:host|domain)[^.\n]{0,20}not found",
)
REFUSED = _any_of(
    r"拒收|拒绝|垃圾邮件|反垃圾|黑名单|屏蔽|频率|频繁|过于集中|不被(?:信任|允许)|违规|敏感",
    r"spam|black ?list|block(?:ed| ?list)|denied|polic(?:y|ies)|not permitted|prohibited",
    r"reputation|frequency|too many|rate limit|\b(?:spf|dkim|dmarc|rbl)\b|unauthenticated",
    r"content rejected|rejected by",
)
PERHAPS_GONE = _any_of(r"mailbox (?:is )?unavailable|recipient (?:address )?rejected")
"""What is said of refused mails, too."""

WORDS = (
    (BounceKind.FULL, FULL),
    (BounceKind.LARGE, LARGE),
    (BounceKind.GONE, GONE),
    (BounceKind.REFUSED, REFUSED),
    (BounceKind.GONE, PERHAPS_GONE),
)
"""The first that fits counts."""
CODES = tuple(
    (re.compile(rf"[45]\.(?:{code})"), kind)
    for code, kind in (
        (r"1\.[789]", BounceKind.REFUSED),  # of the sender's address
        (r"1\.[1-9]\d*|2\.1", BounceKind.GONE),
        (r"2\.2", BounceKind.FULL),
        (r"2\.3|3\.4", BounceKind.LARGE),
        (r"7\.\d+", BounceKind.REFUSED),
    )
)
"""RFC 3463, where a system gives one that tells more than that it failed."""
PROVIDERS = tuple(
    (name, _any_of(*words))
    for name, *words in (
        ("QQ 邮箱", r"@(?:[\w-]+\.)?(?:qq|foxmail)\.com\b", "腾讯企业邮|qq邮箱"),
        ("网易邮箱", r"@(?:[\w-]+\.)?(?:163|126|188|netease)\.com\b|@yeah\.net\b", "网易"),
        ("新浪邮箱", r"@(?:[\w-]+\.)?sina\.(?:com|cn)\b", "新浪"),
        ("搜狐邮箱", r"@(?:[\w-]+\.)?sohu\.com\b", "搜狐"),
        ("阿里邮箱", r"@(?:[\w-]+\.)?(?:aliyun|mxhichina)\.com\b", "阿里(?:云)?邮"),
        ("139邮箱", r"@(?:[\w-]+\.)?139\.com\b"),
        ("Coremail", "coremail"),
        ("Exchange", r"exchange|outlook\.com\b|office ?365|microsoft"),
        ("qmail", "qmail-send"),
        ("Exim", r"\bexim\b|created automatically by mail delivery software"),
        ("Postfix", "postfix|this is the mail system at host"),
    )
)
"""Whose system it is, by its own address and by what it says."""

"""Words that are passed over, where tantivy has no list or an incomplete one; in the letters of `scripts.plain`, small."""

from __future__ import annotations

from collections.abc import Mapping

from indexer.engines.scripts import plain

_ARABIC = """
    في من على إلى عن مع بين عند حتى منذ خلال قد لقد أن إن أنه إنه أنها إنها أو ثم أم لا لم لن ما هل كل بعد قبل غير كما لكن
    هذا هذه ذلك تلك الذي التي الذين هو هي هم نحن أنا كان كانت يكون تكون ليس ليست به بها له لها فيه فيها منه منها عليه عليها
    إذا حيث أي أيضا و ف ب ل وهو وهي وقد وفي ومن وعلى وأن ولا ولم وكان
"""
_PERSIAN = """
    و در به از که این آن را با است برای تا یا هم نیز بر بود شد شده کرد کرده خود ما من تو او آنها ایشان شما هر همه اگر اما ولی
    پس چه چون نه می نمی ها های هایی هایش هایشان هایم هایت هایمان هایتان تر ترین ای ام ات اش ایم اید اند ی یی مان تان شان
    باشد باشند بودند شدند شود کند کنند دارد دارند داد یک دیگر روی زیر میان هستند هست
"""
_TURKISH = """
    ve ile bu şu o bir da de ta te dan den tan ten için gibi kadar ama fakat ancak veya ya ki mi mı mu mü ne çok daha en her
    hem ise değil olan olarak oldu olduğu olduğunu sonra önce ın in un ün nın nin nun nün yı yi yu yü ı i u ü a e ye na la le
    yla yle ben sen biz siz onlar onu ona onun şey
"""
_FRENCH = "jusqu lorsqu puisqu quoiqu quelqu presqu"
_ITALIAN = "quest quell sull"

STOP_WORDS: Mapping[str, tuple[str, ...]] = {
    language: tuple(dict.fromkeys(plain(words).split()))
    for language, words in (("ar", _ARABIC), ("fa", _PERSIAN), ("tr", _TURKISH), ("fr", _FRENCH), ("it", _ITALIAN))
}
"""By tag; beside those of tantivy, where it has any."""

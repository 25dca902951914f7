"""Headings that end an article on its page, in the languages of the news. Pure data."""

from __future__ import annotations

from collections.abc import Iterable


def _headings(lines: Iterable[str]) -> frozenset[str]:
    return frozenset(heading.casefold() for line in lines for heading in line.split(" | "))


_TAILS = (
    "Comments | Comment | Leave a comment | Leave a reply | Related News | Related | Related articles",
    "Related stories | Related content | Related topics | Read more | Read also | Also read | See also",
    "More on this story | More stories | More from | More news | Most read | Most viewed | Most popular",
    "Popular | Popular stories | Latest news | Latest | Trending | Recommended | You may also like",
    "Top stories | Editor's picks | Tags | Share | Share this | Share this article | Newsletter | Subscribe",
    "Sign up | Follow us | Advertisement | التعليقات | تعليقات | أخبار ذات صلة | اخبار ذات صلة",
    "مواضيع ذات صلة | اقرأ أيضا | اقرأ أيضاً | الأكثر قراءة | شارك | وسوم | نظرات | دیدگاه\u200cها | نظر شما",
    "اخبار مرتبط | مطالب مرتبط | بیشتر بخوانید | پربازدیدترین | برچسب\u200cها | Commentaires | À lire aussi",
    "A lire aussi | Lire aussi | Articles liés | Sur le même sujet | Les plus lus | Partager | Comentarios",
    "Noticias relacionadas | Te puede interesar | Lea también | Lee también | Más leídas | Lo más leído",
    "Compartir | Kommentare | Mehr zum Thema | Lesen Sie auch | Das könnte Sie auch interessieren",
    "Related coverage | Related reading | Related posts | Related links | Related videos",
    "More from this section | More in this section | More to read | Further reading | Keep reading | Up next",
    "What to read next | Read next | Don't miss | Must read | Must reads | Most commented | Most shared",
    "Popular news | Popular articles | Popular posts | Trending now | Trending stories | Breaking news",
    "Top news | Recent posts | Recent articles | Recommended for you | Recommended stories",
    "You might also like | You may also be interested in | Join the conversation | Add a comment",
    "Post a comment | Write a comment | View comments | Show comments | Have your say | Discussion",
    "Reader comments | About the author | About the authors | Stay connected | Our newsletters | Newsletters",
    "Get the newsletter | Print this article | مقالات ذات صلة | أخبار متعلقة | اخبار متعلقة | موضوعات متعلقة",
    "المزيد من الأخبار | اقرأ المزيد | قد يعجبك أيضا | قد يعجبك أيضاً | آخر الأخبار | الأكثر مشاهدة",
    "أضف تعليق | اترك تعليقا | النشرة البريدية | أخبار شائعة | نظرات کاربران | ارسال نظر | نظر خود را بنویسید",
    "مطالب پیشنهادی | اخبار مشابه | پربیننده\u200cترین | آخرین اخبار | داغ\u200cترین اخبار | خبرنامه",
    "اشتراک\u200cگذاری | Laisser un commentaire | Lire la suite | Articles similaires | À lire",
    "À lire ensuite | Vous aimerez aussi | Les plus commentés | Réagir | Dans la même rubrique",
    "Sur le même thème | Notas relacionadas | Artículos relacionados | Temas relacionados | Más noticias",
    "Más sobre este tema | Te recomendamos | También te puede interesar | Últimas noticias",
    "Deja un comentario | Boletín | Lo último | Notícias relacionadas | Leia também | Leia mais | Mais lidas",
    "Veja também | Comentários | Leggi anche | Articoli correlati | Commenti | I più letti",
    "Potrebbe interessarti | Ti potrebbe interessare | Weitere Themen | Weitere Artikel | Weitere Meldungen",
    "Weitere Nachrichten | Mehr aus diesem Ressort | Mehr dazu | Zum Thema | Auch interessant",
    "Das könnte dich auch interessieren | Das könnte Sie interessieren",
    "Das Thema könnte dich auch interessieren | Diese Artikel könnten Sie ebenfalls interessieren",
    "Ähnliche Artikel | Ähnliche Beiträge | Verwandte Artikel | Meistgelesen | Meist gelesen",
    "Meist-diskutiert | Meistdiskutiert | Keine Kommentare | Kommentar schreiben | Kommentar verfassen",
    "Schreibe einen Kommentar | Jetzt kommentieren | Artikel teilen | Beitrag teilen | Teilen | Schlagwörter",
    "Über den Autor | Über die Autorin | Комментарии | Читайте также | По теме | Другие новости",
    "Похожие новости | Популярное | Поделиться | Материалы по теме | Подписаться | Yorumlar | İlgili haberler",
    "Benzer haberler | Diğer haberler | En çok okunanlar | Bunlar da ilginizi çekebilir | 相关新闻 | 相关阅读",
    "相关报道 | 热门新闻 | 网友评论 | 评论 | 推荐阅读 | 延伸阅读 | 更多新闻 | 関連記事 | 関連ニュース",
    "おすすめ記事 | アクセスランキング | コメント | あわせて読みたい | 관련기사 | 관련 기사 | 댓글",
)
_UNCERTAIN = (
    "Advertisement | Share | Share this | Share this article | Newsletter | Subscribe | Sign up | Follow us",
    "Read more | Read also | Also read | See also | Related | Latest | Popular | Recommended | Tags | شارك",
    "اقرأ أيضا | اقرأ أيضاً | بیشتر بخوانید | À lire aussi | A lire aussi | Lire aussi | Partager",
    "Te puede interesar | Lea también | Lee también | Compartir | Lesen Sie auch | Read next",
    "Further reading | Keep reading | Don't miss | Must read | Up next | Print this article | اقرأ المزيد",
    "Lire la suite | À lire | Te recomendamos | Leia também | Leia mais | Veja também | Leggi anche",
    "Mehr dazu | Zum Thema | Auch interessant | Teilen | Artikel teilen | Beitrag teilen | Читайте также",
    "По теме | Поделиться | Newsletters | Related coverage | Related reading | 相关阅读 | 延伸阅读 | 推荐阅读",
    "関連記事 | あわせて読みたい | Discussion | خبرنامه | Boletín | Breaking news | Join the conversation",
    "Related links",
)

TAIL_HEADINGS = _headings(_TAILS)
"""Headings after which no sentence of the article follows."""

UNCERTAIN_HEADINGS = _headings(_UNCERTAIN)
"""Those that also head a box in the middle of an article."""

"""Words that mean the same to whoever looks for shoes, and words that mean nothing."""

import re
from collections.abc import Iterator

MEN = (
    "men", "mens", "man", "male", "husband", "father", "dad", "brother", "son", "grandfather",
    "grandpa", "uncle", "boyfriend", "mans",
)  # fmt: skip
WOMEN = (
    "women", "womens", "woman", "female", "ladies", "wife", "mother", "mom", "sister", "daughter",
    "grandmother", "grandma", "aunt", "girlfriend", "lady", "womans",
)  # fmt: skip
OTHERS = {MEN: WOMEN, WOMEN: MEN}  # who looks for one is not shown the other

# Each row is one meaning. Where one of its phrases is typed, all of them are looked for.
MEANINGS = (
    (
        "afo", "brace", "braces", "orthosis", "orthotic", "ankle foot orthosis", "splint",
        "leg brace", "plastic leg brace", "plastic brace", "ankle brace", "ankle braces",
        "plastic ankle brace", "plastic afo",
    ),
    ("solid afo", "solid brace", "solid ankle brace", "rigid afo"),
    (
        "hinged afo", "hinged brace", "hinged ankle brace", "jointed afo", "articulated afo",
        "articulating afo", "articulated brace",
    ),
    ("carbon afo", "carbon brace", "carbon ankle brace", "carbon fiber afo"),
    MEN,
    WOMEN,
    ("extra wide", "very wide", "xw"),
    ("lightweight", "light weight", "lightest", "light", "lite"),
    ("sale", "reduced", "clearance", "bargain"),
    ("hook and loop", "velcro"),
    (  # typed, these lead to what the rows below name; they are above, so that those keep their own
        "bending", "bending down", "bend", "bend down", "bend over", "hands free", "without hands",
        "step in", "slip on", "slipon", "rear entry", "opens at the back",
    ),
    ("slip on", "slipon", "pull on", "no laces", "without laces", "laceless"),
    ("house shoe", "slipper", "slippers", "indoor shoe"),
    ("high top", "boot", "boots"),
    ("high heels", "high heel", "stilettos", "pumps"),
    ("non slip", "nonslip", "anti slip", "slip resistant"),
    ("zip", "zipper", "zippered"),
    (
        "drop foot", "foot drop", "footdrop", "dropfoot", "toes drag", "toe drag",
        "dragging toes", "foot drags", "dorsiflexion", "dorsiflexion assist",
    ),
    ("rear entry", "opens at the back", "back entry", "open at the back"),
    ("one hand", "single handed", "one handed"),
    (
        "one shoe", "single shoe", "feet that differ", "different sizes", "different size",
        "two sizes", "odd sizes", "two different sizes", "mismatched sizes", "foot bigger",
        "foot larger", "foot smaller", "foot is bigger", "foot is larger", "foot is smaller",
    ),
    ("swelling", "swollen", "swell", "swells", "edema", "oedema"),
    ("ms", "multiple sclerosis"),
    ("diabetes", "diabetic", "diabetics"),
    ("parkinson", "parkinsons"),
    ("tired", "fatigue", "energy", "exhausted"),
    (
        "returns", "return", "send back", "send shoes back", "sending back", "money back", "refund",
        "exchange",
    ),
    ("delivery", "shipping", "postage", "ship"),
    ("privacy", "data", "cookies"),
    ("phone", "call", "telephone", "contact"),
    ("fitting", "try on", "fitter"),
    ("coach", "store", "location", "in person"),
)  # fmt: skip
NOTHING = frozenset(  # too frequent to tell one page from another
    {
        "a", "about", "adult", "adults", "affordable", "after", "again", "all", "am", "an", "and",
        "another", "any", "anything", "are", "as", "at", "be", "because", "been", "before",
        "best", "both", "bought", "bucks", "but", "buy", "by", "can", "cheap", "cheapest",
        "could", "do", "does", "dollar", "dollars", "down", "during", "each", "elderly", "feet",
        "find", "fit", "fits", "foot", "for", "from", "get", "give", "go", "goes", "good", "had",
        "has", "have", "he", "her", "here", "him", "his", "how", "i", "if", "in", "inexpensive",
        "into", "is", "it", "its", "just", "left", "leg", "legs", "like", "long", "look", "many",
        "me", "more", "most", "much", "my", "need", "no", "not", "of", "off", "old", "older",
        "on", "only", "or", "other", "our", "out", "over", "people", "person", "please", "put",
        "right", "same", "senior", "seniors", "shall", "she", "should", "show", "since", "so",
        "some", "someone", "something", "such", "than", "that", "the", "their", "them", "then",
        "there", "these", "they", "this", "those", "through", "to", "too", "under", "up", "us",
        "usd", "use", "using", "very", "want", "was", "we", "wear", "wearing", "wears", "were",
        "what", "when", "where", "which", "while", "who", "will", "with", "without", "worn",
        "would", "you", "your",
    }
)  # fmt: skip
MOST_WORDS = 60
LONGEST = 40  # characters

EVERYDAY = dict.fromkeys(("sneaker", "sneakers", "trainers", "footwear"), "shoes")
# No shoe is made for one of these, and none is said to be.
CONDITIONS = frozenset(
    {
        "stroke",
        "ms",
        "neuropathy",
        "diabetes",
        "diabetic",
        "diabetics",
        "arthritis",
        "parkinson",
        "parkinsons",
    }
)
LIGHT = frozenset({"light", "lightweight", "lightest", "lite"})
CHEAP = frozenset({"cheap", "cheapest", "inexpensive", "affordable"})
SHOES = frozenset({"shoe", "shoes"})
_MEANING = {tuple(phrase.split()): meaning for meaning in MEANINGS for phrase in meaning}
_LONGEST_PHRASE = max(map(len, _MEANING))
SYNONYMS = frozenset(word for phrase in _MEANING for word in phrase if len(word) > 2)
LOOKED_FOR = SYNONYMS | CONDITIONS | EVERYDAY.keys()


def words_of(text: str) -> list[str]:
    """Return the words of a text in small letters; the first sixty that were typed.

    "Can't" is no word, nor is the "s" of "men's", nor a price; sneakers are shoes.
    """
    plain = re.sub(r"\w+n['’]t\b|['’](?:s|m|d|re|ve|ll)\b|[$€£] ?[0-9.]+", " ", text.lower())
    words = re.findall(r"[^\W_]+", plain)[:MOST_WORDS]
    return [EVERYDAY.get(word, word)[:LONGEST] for word in words]


def meanings(words: list[str]) -> Iterator[tuple[str, ...]]:
    """Yield what is looked for: each time the phrases of which one must be found.

    Words that mean nothing are left out, unless there are no others.
    """
    at, found = 0, False
    while at < len(words):
        for length in range(min(_LONGEST_PHRASE, len(words) - at), 0, -1):
            phrase = tuple(words[at : at + length])
            if meaning := _MEANING.get(phrase):
                yield meaning
                at, found = at + length, True
                break
        else:
            if words[at] not in NOTHING:
                yield (words[at],)
                found = True
            at += 1
    if not found:
        yield from ((word,) for word in words)

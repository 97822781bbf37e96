"""What may be asked in the blog: a comment of readers; people, articles and reviews of staff."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    EmailField,
    Field,
    FieldList,
    Form,
    FormField,
    HiddenField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import (
    AnyOf,
    DataRequired,
    Email,
    InputRequired,
    Length,
    Optional,
    Regexp,
    ValidationError,
)

from blog.models import Article, Person, Revision
from blog.writing import RESERVED, About, Words, valid_until
from storefront import fields
from storefront.fields import EARLIEST, LATEST, DayField
from storefront.settings.shop import shop
from storefront.slugs import slug_of

NOTHING_LEFT = "Please write your comment, or delete it instead."
EMPTY_ROWS = 3  # at the end of a list, to write into
MOST_ROWS = 16  # of questions, and of sources: a form may have 200 fields in all
MOST_TOPICS = 10
MOMENTS = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"]  # as browsers write them
NO_SLUG = "Please give an address: the shop cannot make one of that name."
NOT_A_PERSON = "Please choose one of the people."
NOT_A_MOMENT = "Please give a day and a time, such as 2026-11-30 09:00."
HALF_A_QUESTION = "A question needs its answer, and an answer its question."
HALF_A_SOURCE = "A source needs a title, authors, a year and what kind of work it is."
NO_WAY_TO_IT = "Please give an identifier, such as a DOI, or a web address."


class CommentForm(FlaskForm):
    """A comment or a reply. `website` is a trap: a person does not see it, so it stays empty."""

    class Meta:
        csrf = False  # storefront/guard.py refuses what another site sends

    name = StringField(
        "Your name, as it will be shown",
        [
            DataRequired("Please write a name. It need not be your real one."),
            Length(max=80, message="Please use at most 80 characters for the name."),
        ],
    )
    email = EmailField(
        "Email, never shown",
        [
            DataRequired("Please write your email address. It is never shown."),
            Length(max=254, message="That email address is too long."),
            Email("That does not look like an email address, such as name@example.com."),
        ],
    )
    body = TextAreaField(
        "Your comment",
        [
            DataRequired("Please write your comment."),
            Length(max=4000, message="Please use at most 4,000 characters."),
        ],
    )
    parent = HiddenField("In reply to", [Regexp(r"\d{0,18}\Z", message="That reply is not known.")])
    website = StringField("Leave this empty")


class OwnCommentForm(FlaskForm):
    """The writer's change of a comment that still waits."""

    class Meta:
        csrf = False

    body = TextAreaField(
        "Your comment",
        [
            InputRequired(NOTHING_LEFT),
            DataRequired(NOTHING_LEFT),
            Length(max=4000, message="Please use at most 4,000 characters."),
        ],
    )


class PersonForm(FlaskForm):
    """An author or reviewer. Once they are there, their address stays as it is."""

    name = fields.line("Name", needed="Please write the name.")
    slug = fields.slug("Address, at the end of /blog/people/", RESERVED)
    role = fields.line("What they do here")
    credentials = fields.line("Credentials")
    short_bio = fields.text("A sentence or two about them", 1_000)
    bio = fields.text("About them, in full", 20_000)
    interests = fields.text("Interests to disclose", 2_000)

    def __init__(self, *, is_new: bool, **more: Any) -> None:
        super().__init__(**more)
        if not is_new:
            del self.slug

    def validate(self, extra_validators: Mapping[str, Sequence[Any]] | None = None) -> bool:
        good = super().validate(extra_validators)
        if good and "slug" in self and not self.slug.data:
            self.slug.data = slug_of(self.name.data)
            if not self.slug.data or self.slug.data in RESERVED:
                self.slug.errors = [NO_SLUG]
                return False
        return bool(good)


class QuestionForm(Form):
    """A question with its answer; neither is no question."""

    question = fields.line("Question", 500)
    answer = fields.text("Answer", 5_000)

    @property
    def row(self) -> dict[str, Any]:
        """The question as a revision keeps it, or nothing."""
        return self.data if any(self.data.values()) else {}

    def validate_answer(self, field: Field) -> None:
        if bool(self.question.data) != bool(field.data):
            raise ValidationError(HALF_A_QUESTION)


class SourceForm(Form):
    """A source of an article; nothing filled in is no source."""

    title = fields.line("Title", 500)
    authors = fields.line("Authors", 1_000)
    year = StringField(
        "Year",
        [Optional(), Regexp(r"[12][0-9]{3}\Z", message="Please give a year, such as 2024.")],
        filters=[fields.tidy],
    )
    kind = fields.line("Kind, such as guideline or randomized trial", 80)
    identifier = fields.line("Identifier, such as a DOI", 200)
    url = StringField(
        "Web address",
        [
            Optional(),
            Length(max=500, message="Please use at most 500 characters."),
            Regexp(r"https?://[^\s<>]+\Z", message="A web address begins with https://."),
        ],
        filters=[fields.tidy],
    )

    @property
    def row(self) -> dict[str, Any]:
        """The source as a revision keeps it, or nothing."""
        return {**self.data, "year": int(self.year.data)} if self.title.data else {}

    def validate_title(self, field: Field) -> None:
        needed = (self.title, self.authors, self.year, self.kind)
        if any(self.data.values()) and not all(each.data for each in needed):
            raise ValidationError(HALF_A_SOURCE)

    def validate_identifier(self, field: Field) -> None:
        if self.title.data and not field.data and not self.url.data:
            raise ValidationError(NO_WAY_TO_IT)


class ArticleForm(FlaskForm):
    """All that an article says. `based_on` is the number of the revision that was read."""

    title = fields.line("Title", needed="Please write a title.")
    slug = fields.slug("Address, at the end of /blog/", RESERVED)
    summary = fields.text("Summary in plain language", 1_000)
    body = fields.text("Text", 100_000, needed="Please write the text.")
    topics = fields.line("Topics", 800)
    author = SelectField("Author", validate_choice=False)
    medical = BooleanField("This article is medical")
    help_now = fields.text("When to get help now", 5_000)
    cover = fields.PictureField("Cover picture", kept="cover_kept")
    cover_alt = fields.line("What the cover shows", 500)
    cover_off = BooleanField("Take the cover away")
    cover_kept = HiddenField(validators=[Length(max=60)])
    faq = FieldList(FormField(QuestionForm))
    sources = FieldList(FormField(SourceForm))
    based_on = HiddenField(validators=[Regexp(r"[0-9]{0,9}\Z", message="That form is too old.")])

    def __init__(
        self,
        people: Sequence[Person],
        article: Article | None = None,
        before: Revision | None = None,
        **more: Any,
    ) -> None:
        super().__init__(**more)
        self._before = before
        self._slug = article.slug if article else ""
        self._people = {person.slug: person.id for person in people}
        self.author.choices = [SelectChoice(person.slug, person.name) for person in people]

    @classmethod
    def of(cls, people: Sequence[Person], article: Article, words: Revision) -> "ArticleForm":
        """Return the form filled with an article as it stands."""
        return cls(
            people,
            article,
            words,
            formdata=None,
            obj=words,
            slug=article.slug,
            author=article.author.slug,
            medical=article.medical,
            topics=", ".join(topic.name for topic in article.topics),
            based_on=words.number,
        )

    def add_rows(self) -> None:
        """Put empty rows below the questions and the sources."""
        for rows in (self.faq, self.sources):
            free = sum(not any(entry.data.values()) for entry in rows)
            for _ in range(min(EMPTY_ROWS - free, MOST_ROWS - len(rows))):
                rows.append_entry()

    @property
    def about(self) -> About:
        return About(
            slug=self.slug.data or self._slug or slug_of(self.title.data),
            author_id=self._people[self.author.data],
            medical=self.medical.data,
            topics=self._topics(),
        )

    @property
    def cover_key(self) -> str:
        """The picture that was chosen, else the one that is there, unless that is taken away."""
        before = self._before.cover_key if self._before and not self.cover_off.data else ""
        return self.cover_kept.data or before

    @property
    def words(self) -> Words:
        """What was typed."""
        return Words(
            title=self.title.data,
            summary=self.summary.data,
            body=self.body.data,
            help_now=self.help_now.data,
            faq=[entry.form.row for entry in self.faq if entry.form.row],
            sources=[entry.form.row for entry in self.sources if entry.form.row],
            cover_key=self.cover_key,
            cover_alt=self.cover_alt.data if self.cover_key else "",
        )

    def validate_title(self, field: Field) -> None:
        made = slug_of(field.data)
        if not (self.slug.data or self._slug) and (not made or made in RESERVED):
            raise ValidationError(NO_SLUG)

    def validate_author(self, field: Field) -> None:
        if field.data not in self._people:
            raise ValidationError(NOT_A_PERSON)

    def validate_topics(self, field: Field) -> None:
        topics = self._topics()
        if len(topics) > MOST_TOPICS:
            raise ValidationError(f"Please name at most {MOST_TOPICS} topics.")
        for name in topics:
            if len(name) > 80 or not slug_of(name):
                raise ValidationError(
                    "Please give each topic at most 80 characters, with letters a to z among them."
                )

    def validate_help_now(self, field: Field) -> None:
        if self.medical.data and not field.data:
            raise ValidationError("A medical article must say when to get help now.")

    def validate_cover_alt(self, field: Field) -> None:
        if self.cover_key and not field.data:
            raise ValidationError(fields.NO_ALT)

    def validate_faq(self, field: Field) -> None:
        _check_number(field)

    def validate_sources(self, field: Field) -> None:
        _check_number(field)

    def _topics(self) -> list[str]:
        names = (" ".join(name.split()) for name in self.topics.data.split(","))
        return list({slug_of(name): name for name in names if name}.values())


def _check_number(field: Field) -> None:
    if len(field) > MOST_ROWS:
        raise ValidationError(f"Please use at most {MOST_ROWS} of these.")


class MomentField(DateTimeLocalField):
    """A moment, typed in the shop's zone and kept in UTC; refused in our own words."""

    data: datetime | None

    def process_data(self, value: datetime | None) -> None:
        self.data = value and value.astimezone(_zone())

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata([value.strip() for value in valuelist])
        except ValueError:
            raise ValueError(NOT_A_MOMENT) from None
        if self.data is not None and not EARLIEST <= self.data.date() <= LATEST:
            self.data = None
            raise ValueError(NOT_A_MOMENT)
        if self.data is not None:
            self.data = self.data.replace(tzinfo=_zone())


def _zone() -> ZoneInfo:
    return shop().zone


class PublicationForm(FlaskForm):
    """From when until when readers see an article."""

    state = RadioField(
        "Who sees it",
        choices=[
            SelectChoice("now", "Readers see it now"),
            SelectChoice("at", "Readers see it from the moment given below"),
            SelectChoice("draft", "Only staff see it: it is a draft"),
        ],
        validate_choice=False,
        validators=[AnyOf(("now", "at", "draft"), "Please choose one of the three.")],
    )
    at = MomentField("From", [Optional()], format=MOMENTS)
    until = MomentField("Until", [Optional()], format=MOMENTS)

    @classmethod
    def of(cls, article: Article, *, now: datetime) -> "PublicationForm":
        """Return the form as the article stands."""
        since = article.published_at
        state = "draft" if since is None else "now" if since <= now else "at"
        return cls(formdata=None, state=state, at=since, until=article.expires_at)

    def since(self, article: Article, *, now: datetime) -> datetime | None:
        """Return the moment of publication; it stays what it was for what readers see already."""
        if self.state.data == "draft":
            return None
        if self.state.data == "at":
            return self.at.data
        published = article.published_at
        return published if published is not None and published <= now else now

    def validate_state(self, field: Field) -> None:
        if field.data == "at" and self.at.data is None and not self.at.process_errors:
            raise ValidationError("Please give the moment from which readers see it.")

    def validate_until(self, field: Field) -> None:
        given = self.state.data == "at" and self.at.data and field.data
        if given and field.data <= self.at.data:
            raise ValidationError("It cannot end before it begins.")


class ReviewForm(FlaskForm):
    """That a reviewer, who is not its author, signs what an article says.

    `based_on` is the revision that was read.
    """

    reviewer = SelectField("Reviewer", validate_choice=False)
    scope = fields.line("Signed for", needed="Please write what was looked at.")
    signed_on = DayField("Signed on", [DataRequired(fields.NOT_A_DAY)])
    based_on = HiddenField(validators=[Regexp(r"[0-9]{1,9}\Z", message="That form is too old.")])

    def __init__(self, people: Sequence[Person], *, today: date, **more: Any) -> None:
        super().__init__(**more)
        self.people = {person.slug: person.id for person in people}
        self.reviewer.choices = [
            SelectChoice("", "Please choose"),
            *(SelectChoice(person.slug, _with_credentials(person)) for person in people),
        ]
        self._today = today

    def validate_reviewer(self, field: Field) -> None:
        if field.data not in self.people:
            raise ValidationError(NOT_A_PERSON)

    def validate_signed_on(self, field: Field) -> None:
        if field.data > self._today:
            raise ValidationError("A review cannot be signed on a day that is still to come.")
        if valid_until(field.data) < self._today:
            raise ValidationError("A review of that day has ended already.")


def _with_credentials(person: Person) -> str:
    return ", ".join(filter(None, (person.name, person.credentials)))


class RestoreForm(FlaskForm):
    """The number of the revision that was the newest when the page was opened."""

    based_on = HiddenField(validators=[Regexp(r"[0-9]{1,9}\Z")])

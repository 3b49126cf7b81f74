from __future__ import annotations

from gettext import NullTranslations

import jinja2

from web.templating import BriskContext, gettext


class Shouting(NullTranslations):
    def gettext(self, message: str) -> str:
        return message.upper().replace(")S", ")s")


def rendered(template: str, **values: object) -> str:
    made = jinja2.Environment(autoescape=True, extensions=["jinja2.ext.i18n"])
    made.context_class = BriskContext
    made.globals["_"] = made.globals["gettext"] = gettext(Shouting())
    return made.from_string(template).render(**values)


def test_a_macro_gets_what_it_is_called_with() -> None:
    macro = "{% macro told(a, b='-') %}{{ a }}{{ b }}{{ varargs }}{{ kwargs }}{% endmacro %}"

    text = rendered(macro + "{{ told('<') }} {{ told('x', 'y', 1, z=2) }}")

    assert text == "&lt;-(){} xy(1,){&#39;z&#39;: 2}"


def test_a_macro_is_called_with_a_block_and_within_a_loop() -> None:
    macro = "{% macro framed() %}<p>{{ caller() }}</p>{% endmacro %}"
    loop = "{% for n in numbers %}{% set m = n + 1 %}{% call framed() %}{{ m }}{% endcall %}{% endfor %}"

    assert rendered(macro + loop, numbers=[1, 2]) == "<p>2</p><p>3</p>"


def test_functions_and_methods_are_called_as_ever() -> None:
    @jinja2.pass_context
    def known(context: jinja2.runtime.Context, name: str) -> object:
        return context[name]

    template = (
        "{% for n in [1] %}{{ d.get('a', 0) }}{{ d.items()|list|length }}{{ f('k') }}{% endfor %}"
    )

    assert rendered(template, d={"a": 7}, f=known, k="<") == "71&lt;"


def test_a_sentence_is_translated_and_what_is_filled_in_escaped() -> None:
    template = '{{ _("100%% <b>") }} {{ _("%(WHO)s %%", WHO=who) }} {% trans %}so{% endtrans %}'

    again = [rendered(template, who=who) for who in ("<i>", "Chloe")]

    assert again == ["100% <B> &lt;i&gt; % SO", "100% <B> Chloe % SO"]

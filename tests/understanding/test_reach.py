"""What is said of others, of the past or in jest takes back nothing that somebody says of himself beside it.

Every clause here holds words that take something back. Danger silenced by such a word is the worst fault that
the screen can have, so each is put beside each explicit statement, in both orders, however they are joined.
"""

from itertools import product

import pytest

from bot.concerns import Concern
from bot.understanding import Screen

CLAUSES = {
    "en": """
        my mom said I'm useless
        my boss yelled at me today
        my sponsor told me to go to a meeting
        my sponsor said I should call more often
        my son was crying
        my friend was late
        my brother thinks I'm lazy
        she said she hates me
        he told me that he is leaving
        he said it's over between us
        they were talking about the game
        she wants to move out
        he is going to leave
        people who know me were there
        someone in group talked about his divorce
        my counselor asked me about my week
        the doctor asked if I sleep well
        the survey asks about sleep
        I filled in the intake form
        in class today we talked about feelings
        we had training at work today
        I read an article about sleep
        the movie was about a soldier
        movie night was ok
        I watched a show with my sister
        I heard a song about home
        the game was on the news
        when I was a kid I was happy
        years ago I was happy
        I was happy years ago
        I was clean for two years before
        back in high school it was easier
        my ex left in 2015
        at my lowest I called my mom
        I was better back then
        I used to love fishing
        I stopped smoking
        I quit my job
        I never had much luck
        I am not a morning person
        I'm not going to lie
        I don't like group
        I did not sleep
        no
        no one called me back
        I was just kidding with my brother
        my brother was joking
        I'm dead tired
        my phone died
        this traffic is killing me
        my back is killing me
        I feel guilty
        I'm sorry
        I had an accident with the car
        I love the program
        group was good
        I lost my sister to cancer
    """,
    "es": """
        mi mamá dijo que no sirvo
        mi jefe me gritó hoy
        mi padrino me dijo que vaya a una junta
        mi hijo estaba llorando
        mi amigo llegó tarde
        mi esposa dijo que se va
        ella dijo que me odia
        él me dijo que todo terminó
        mi hermano piensa que soy flojo
        la doctora me preguntó si duermo bien
        la gente que me conoce no llamó
        en la clase de hoy hablamos de emociones
        la película era de un soldado
        vi una serie con mi hermana
        leí un artículo de las noticias
        hace años era feliz
        hace dos años estaba bien
        yo era feliz hace años
        de niño era feliz
        cuando era joven todo era fácil
        en el pasado fui feliz
        antes me gustaba pescar
        ya no fumo
        dejé de fumar
        nunca tuve suerte
        no dormí
        no me gusta el grupo
        era broma de mi hermano
        me muero de sueño
        se murió mi celular
        el tráfico me está matando
        me siento culpable
        perdón
        el grupo estuvo bien
        en el 2017 era feliz
        mi compañera dice que todo bien
        un amigo dijo que viene
        repasamos qué decir si un amigo llora
        en ESL nos dejaron de tarea un poema
        la pregunta decía otra cosa
        llené el cuestionario del estudio
        puse casi siempre
    """,
}
STATEMENTS = {
    "en": """
        I want to die
        I want to kill myself
        I'm going to kill myself tonight
        I don't want to be alive anymore
        I wish I was dead
        I'm suicidal
        I have the gun in my hand
        I want to hurt myself
        I cut myself last night
        I'm going to overdose on purpose
        I just took all my pills
        I'm hearing voices
        I'm going to stab my boss
        my husband is beating me right now
        I can't keep myself safe
    """,
    "es": """
        me quiero morir
        quiero matarme
        me quiero matar
        me voy a matar esta noche
        ya no quiero vivir
        quiero cortarme
        tengo la pistola en la mano
        acabo de tomarme todas las pastillas
        escucho voces
        voy a matar a mi jefe
        mi marido me pega
        no puedo prometer que no me haga daño
    """,
}
# Told in the past tense: beside a time long ago, both readings are possible, and the bot asks.
ACTS = {
    "en": """
        I took all my pills
        I cut my wrists
        I swallowed the whole bottle
        I drank bleach
        I wrote my suicide note
        I overdosed
        I tried to kill myself
    """,
    "es": """
        me tomé todas las pastillas
        me corté las venas
        tomé veneno
        intenté matarme
    """,
}
JOINERS = {
    "en": [" and ", " but ", " so ", ", ", ". ", "; ", "\n", " - ", " and now ", ", and honestly "],
    "es": [" y ", " pero ", " así que ", ", ", ". ", "; ", "\n", " y ahora ", " y la verdad "],
}
RUN_ON = [" ", "... ", " lol "]


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def crisis(concern: Concern | None) -> bool:
    return concern is not None and concern.crisis


def heard(concern: Concern | None) -> bool:
    return concern is not None and (concern.crisis or concern.ask)


@pytest.mark.parametrize("language", ["en", "es"])
def test_each_statement_is_heard_alone(screen: Screen, language: str) -> None:
    assert [said for said in lines(STATEMENTS[language] + ACTS[language]) if not crisis(screen(said))] == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_each_clause_alone_is_no_danger(screen: Screen, language: str) -> None:
    assert [said for said in lines(CLAUSES[language]) if heard(screen(said))] == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_statement_is_heard_after_and_before_every_clause(screen: Screen, language: str) -> None:
    lost = [
        message
        for clause, said, joiner in product(
            lines(CLAUSES[language]), lines(STATEMENTS[language]), JOINERS[language]
        )
        for message in (f"{clause}{joiner}{said}", f"{said}{joiner}{clause}")
        if not crisis(screen(message))
    ]
    assert lost == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_an_act_is_heard_or_asked_about_beside_every_clause(screen: Screen, language: str) -> None:
    lost = [
        message
        for clause, said, joiner in product(
            lines(CLAUSES[language]), lines(ACTS[language]), JOINERS[language]
        )
        for message in (f"{clause}{joiner}{said}", f"{said}{joiner}{clause}")
        if not heard(screen(message))
    ]
    assert lost == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_without_any_stop_it_is_at_least_asked_about(screen: Screen, language: str) -> None:
    lost = [
        message
        for clause, said, joiner in product(lines(CLAUSES[language]), lines(STATEMENTS[language]), RUN_ON)
        for message in (f"{clause}{joiner}{said}", f"{said}{joiner}{clause}")
        if not heard(screen(message))
    ]
    assert lost == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_between_two_clauses_it_is_heard(screen: Screen, language: str) -> None:
    clauses, said = lines(CLAUSES[language]), lines(STATEMENTS[language])
    joiner, between = JOINERS[language][0], ", "
    lost = [
        message
        for number, clause in enumerate(clauses)
        for statement in said
        if not crisis(screen(message := f"{clause}{joiner}{statement}{between}{clauses[number - 1]}"))
    ]
    assert lost == []

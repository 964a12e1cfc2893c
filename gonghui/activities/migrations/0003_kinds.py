"""The seven kinds: sport, film, culture, learning, lecture, leisure, family. What is special about each is data."""

from django.db import migrations

SATISFIED = {"code": "again", "text": "下次还愿意参加吗？", "kind": "choice", "options": ["愿意", "看情况", "不愿意"], "required": True}
WISH = {"code": "wish", "text": "您还想要什么活动？", "kind": "text"}


def score(code, text):
    return {"code": code, "text": text, "kind": "score", "required": True}


def text(code, name, **more):
    return {"code": code, "name": name, "kind": "text", **more}


def integer(code, name, low, high, **more):
    return {"code": code, "name": name, "kind": "integer", "min": low, "max": high, **more}


def choice(code, name, *options, **more):
    return {"code": code, "name": name, "kind": "choice", "options": list(options), **more}


KINDS = [
    {
        "code": "sport",
        "name": "运动",
        "fields": [
            text("item", "项目", required=True, help="如羽毛球、健步走"),
            choice("level", "水平要求", "不限", "入门", "有基础", "比赛级", required=True),
            choice("equipment", "器材", "自带", "现场提供", "现场可租"),
            text("health_note", "健康提示"),
        ],
        "defaults": {"party_max": 1, "names_required": False, "honour_by": "gate"},
        "questions": [score("venue", "场地和器材怎么样？"), score("guide", "组织和指导怎么样？"), SATISFIED, WISH],
    },
    {
        "code": "film",
        "name": "电影",
        "fields": [
            text("film", "片名", required=True),
            integer("length_min", "片长（分钟）", 1, 600, required=True),
            text("language", "语言", help="如国语、粤语"),
            choice("format", "制式", "2D", "3D", "巨幕"),
        ],
        "defaults": {"party_max": 3, "names_required": False, "honour_by": "gate"},
        "questions": [score("film", "影片选得怎么样？"), score("cinema", "影院环境和服务怎么样？"), SATISFIED, WISH],
    },
    {
        "code": "culture",
        "name": "文化",
        "fields": [
            text("programme", "节目或展览", required=True),
            text("performers", "演出或主办"),
            integer("length_min", "时长（分钟）", 1, 1440),
        ],
        "defaults": {"party_max": 3, "names_required": False, "honour_by": "gate"},
        "questions": [score("programme", "内容怎么样？"), score("service", "现场服务怎么样？"), SATISFIED, WISH],
    },
    {
        "code": "learning",
        "name": "学习",
        "fields": [
            choice("module", "课程模块", "职业技能", "文化素养", "生活才艺", "健康安全", required=True),
            text("teacher", "授课老师", required=True),
            integer("lessons", "课时", 1, 100),
            text("bring", "需要自带"),
        ],
        "defaults": {"party_max": 1, "names_required": True, "honour_by": "gate"},
        "questions": [score("content", "课程内容有用吗？"), score("teacher", "老师讲得怎么样？"), SATISFIED, WISH],
    },
    {
        "code": "lecture",
        "name": "讲座",
        "fields": [
            text("speaker", "主讲人", required=True),
            text("speaker_about", "主讲人介绍"),
            text("topic", "主题", required=True),
        ],
        "defaults": {"party_max": 2, "names_required": False, "honour_by": "gate"},
        "questions": [score("content", "内容有帮助吗？"), score("speaker", "主讲人讲得怎么样？"), SATISFIED, WISH],
    },
    {
        "code": "leisure",
        "name": "休闲",
        "fields": [
            text("scenic", "景区或线路", required=True),
            text("traffic", "交通"),
            choice("rain", "雨天安排", "照常", "改期", "取消"),
        ],
        "defaults": {"party_max": 5, "names_required": False, "honour_by": "exchange"},
        "questions": [score("place", "景区和线路怎么样？"), score("exchange", "换票和入场方便吗？"), SATISFIED, WISH],
    },
    {
        "code": "family",
        "name": "亲子互动",
        "fields": [
            integer("age_from", "孩子最小年龄", 0, 18, required=True),
            integer("age_to", "孩子最大年龄", 0, 18, required=True),
            choice("guardian", "家长陪同", "全程陪同", "接送即可", required=True),
            text("bring", "需要自带"),
        ],
        "defaults": {"party_max": 3, "names_required": True, "honour_by": "gate"},
        "questions": [score("children", "孩子喜欢吗？"), score("safety", "现场安全和照看怎么样？"), SATISFIED, WISH],
    },
]


def write_kinds(apps, _editor):
    model = apps.get_model("activities", "ActivityKind")
    for position, kind in enumerate(KINDS, start=1):
        model.objects.create(icon=kind["code"], cover=kind["code"], position=position, **kind)


class Migration(migrations.Migration):
    dependencies = [("activities", "0002_fitting")]

    operations = [migrations.RunPython(write_kinds, migrations.RunPython.noop)]

"""To Do and Planner: what people have to do, alone and together."""

from typing import Any

from infra.local.company.work_model import Plan, PlanTask, TodoTask
from infra.local.graph.call import Answer, Call, Refused, iso
from infra.local.graph.errors import not_found
from infra.local.graph.paging import of_json, single


def _list_id(owner: str, name: str) -> str:
    return f"AAMkADlist{owner.replace('-', '')}{''.join(letter for letter in name if letter.isalnum())}="


def todo_lists(call: Call) -> Answer:
    owner = call.owner
    names = dict.fromkeys(["Tasks", *(task.list_name for task in call.company.todo if task.owner == owner.id)])
    rows = [
        {
            "@odata.etag": 'W/"1"',
            "displayName": name,
            "isOwner": True,
            "isShared": False,
            "wellknownListName": "defaultList" if name == "Tasks" else "none",
            "id": _list_id(owner.id, name),
        }
        for name in names
    ]
    return of_json(rows, call, context=f"users('{owner.id}')/todo/lists")


def todo_tasks(call: Call, tasks: str) -> Answer:
    rows = [_todo_json(task) for task in call.company.todo if _is_in(call, task, tasks)]
    return of_json(rows, call, context=f"users('{call.owner.id}')/todo/lists('{tasks}')/tasks")


def todo_task(call: Call, tasks: str, task: str) -> Answer:
    for one in call.company.todo:
        if one.id == task and _is_in(call, one, tasks):
            return single(call, _todo_json(one), f"users('{call.owner.id}')/todo/lists('{tasks}')/tasks")
    raise not_found("outlook")


def _is_in(call: Call, task: TodoTask, tasks: str) -> bool:
    return task.owner == call.owner.id and _list_id(task.owner, task.list_name) == tasks


def _todo_json(task: TodoTask) -> dict[str, Any]:
    return {
        "@odata.etag": 'W/"1"',
        "importance": "normal",
        "isReminderOn": False,
        "status": task.status,
        "title": task.title,
        "createdDateTime": iso(task.modified),
        "lastModifiedDateTime": iso(task.modified),
        "hasAttachments": False,
        "categories": [],
        "id": task.id,
        "body": {"content": task.body, "contentType": "text"},
        "dueDateTime": {"dateTime": f"{task.due:%Y-%m-%dT%H:%M:%S}.0000000", "timeZone": "UTC"},
    }


def _sees(call: Call, plan: Plan) -> bool:
    group = next(group for group in call.company.groups if group.id == plan.group_id)
    return call.caller.app_only or call.caller.person_id in {*group.members, *group.owners}


def _find_plan(call: Call, plan_id: str) -> Plan:
    """403 for who is not in the plan's group. Raises `Refused`."""
    for plan in call.company.plans:
        if plan.id == plan_id:
            if _sees(call, plan):
                return plan
            raise Refused(403, "Forbidden", "You do not have the required permissions to access this item.")
    raise not_found("directory")


def my_tasks(call: Call) -> Answer:
    rows = [_task_json(task) for task in call.company.plan_tasks if call.me.id in task.assigned]
    return of_json(rows, call, context="Collection(microsoft.graph.plannerTask)")


def my_plans(call: Call) -> Answer:
    rows = [_plan_json(plan) for plan in call.company.plans if _sees(call, plan)]
    return of_json(rows, call, context="Collection(microsoft.graph.plannerPlan)")


def get_plan(call: Call, plan: str) -> Answer:
    return single(call, _plan_json(_find_plan(call, plan)), "planner/plans")


def plan_tasks(call: Call, plan: str) -> Answer:
    found = _find_plan(call, plan)
    rows = [_task_json(task) for task in call.company.plan_tasks if task.plan_id == found.id]
    return of_json(rows, call, context=f"planner/plans('{plan}')/tasks")


def plan_buckets(call: Call, plan: str) -> Answer:
    found = _find_plan(call, plan)
    names = dict.fromkeys(task.bucket for task in call.company.plan_tasks if task.plan_id == found.id)
    rows = [
        {"@odata.etag": 'W/"1"', "name": name, "planId": found.id, "orderHint": "", "id": _bucket_id(found.id, name)}
        for name in names
    ]
    return of_json(rows, call, context=f"planner/plans('{plan}')/buckets")


def _bucket_id(plan_id: str, name: str) -> str:
    return f"{plan_id[:18]}{''.join(letter for letter in name if letter.isalnum())}"


def get_task(call: Call, task: str) -> Answer:
    return single(call, _task_json(_find_task(call, task)), "planner/tasks")


def task_details(call: Call, task: str) -> Answer:
    found = _find_task(call, task)
    shown = {
        "@odata.etag": 'W/"1"',
        "description": found.description,
        "previewType": "automatic",
        "id": found.id,
        "references": {},
        "checklist": {},
    }
    return single(call, shown, f"planner/tasks('{task}')/details")


def _find_task(call: Call, task_id: str) -> PlanTask:
    for task in call.company.plan_tasks:
        if task.id == task_id:
            _find_plan(call, task.plan_id)
            return task
    raise not_found("directory")


def _plan_json(plan: Plan) -> dict[str, Any]:
    container = {
        "containerId": plan.group_id,
        "type": "group",
        "url": f"https://graph.microsoft.com/v1.0/groups/{plan.group_id}",
    }
    return {"@odata.etag": 'W/"1"', "owner": plan.group_id, "title": plan.title, "id": plan.id, "container": container}


def _task_json(task: PlanTask) -> dict[str, Any]:
    return {
        "@odata.etag": 'W/"1"',
        "planId": task.plan_id,
        "bucketId": _bucket_id(task.plan_id, task.bucket),
        "title": task.title,
        "orderHint": "",
        "percentComplete": task.percent,
        "startDateTime": None,
        "createdDateTime": "2026-10-05T08:00:00Z",
        "dueDateTime": iso(task.due),
        "hasDescription": bool(task.description),
        "previewType": "automatic",
        "completedDateTime": None,
        "referenceCount": 0,
        "checklistItemCount": 0,
        "activeChecklistItemCount": 0,
        "conversationThreadId": None,
        "priority": 5,
        "id": task.id,
        "assignments": {
            person: {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": ""} for person in task.assigned
        },
    }

"""Tables of the app."""

from gonghui.wellbeing.models.enrolments import Appointment, Enrolment
from gonghui.wellbeing.models.plans import HealthPlan, Package, PlanPerson, Slot

__all__ = ["Appointment", "Enrolment", "HealthPlan", "Package", "PlanPerson", "Slot"]

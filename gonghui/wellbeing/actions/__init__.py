"""Every write of the app. Locks are taken in one order: the plan, the enrolment, slots, then money."""

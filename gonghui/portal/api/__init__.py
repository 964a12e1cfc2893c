"""What mini-programs and city apps need, in the order of the road; mounted by `config.api`."""

routers: list = []

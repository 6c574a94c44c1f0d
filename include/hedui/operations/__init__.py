"""Operations: faults, maintenance tasks, knowledge, SLA clocks in working hours, and the 运维工作月报告 made of them."""

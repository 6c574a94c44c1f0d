"""Inspection: what of each system is measured against which standard, the 巡检报告单, and cases for what is abnormal."""
